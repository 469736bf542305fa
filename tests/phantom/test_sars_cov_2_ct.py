from PIL import Image


def test_two_folders_numbered_from_one_without_a_patient_key(written):
    folder, count = written("sars_cov_2_ct")
    positive = sorted(path.name for path in (folder / "COVID").iterdir())
    negative = sorted(path.name for path in (folder / "non-COVID").iterdir())
    assert positive == sorted(f"Covid ({at}).png" for at in range(1, len(positive) + 1))
    assert negative == sorted(f"Non-Covid ({at}).png" for at in range(1, len(negative) + 1))
    assert len(positive) + len(negative) == count
    assert len(list(folder.iterdir())) == 3  # and the marker


def test_channels_are_equal_and_negatives_all_have_an_alpha_channel(written):
    folder, _ = written("sars_cov_2_ct")
    modes = {}
    for path in folder.glob("*/*.png"):
        picture = Image.open(path)
        modes.setdefault(path.parent.name, set()).add(picture.mode)
        red, green, blue = picture.convert("RGB").split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
        assert "synthetic" in picture.text["Comment"]
        assert all(40 <= side <= 60 for side in picture.size)
    assert modes == {"non-COVID": {"RGBA"}, "COVID": {"RGB", "RGBA"}}
