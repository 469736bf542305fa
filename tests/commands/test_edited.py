import pytest
from ruamel.yaml.comments import CommentedMap

from elsewhere.commands.edited import edited, row, scalar, with_row
from elsewhere.design.params import ParamsError
from elsewhere.design.reading import plain

KEPT = """\
# head
run: [a,   b]     # odd blanks
sites:   # behind a key
#  example: {x: 1}

  one: {title: 'single', n: 010,  x: null}  # flow
  two:
      title: "double"
tail: null
"""


@pytest.fixture
def path(tmp_path):
    def write(text):
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "params.yaml"

    return write


def add(tables):
    tables["sites"]["three"] = row("title: New  # note\nlayout: images")


SHIPPED = """\
scale: demo                      # a scale
run: [nguyen2021, contrastive]   # studies

# Your hospitals.
sites:
#  my-hospital:
#    title: My hospital           # name
budgets:
#  x: {like: x}
"""


def test_nothing_but_the_new_lines_changes(path):
    text = SHIPPED.replace("sites:\n", "sites:\n  one: {title: One}   # mine\n")
    lines = edited(path(text), add).splitlines()
    new = ["  three:", "    title: New  # note", "    layout: images"]
    start = lines.index(new[0])
    assert lines[start : start + 3] == new
    assert [*lines[:start], *lines[start + 3 :]] == text.splitlines()


@pytest.mark.parametrize(
    "text",
    ["run:\n- a\n- b\nsites:\n  x: {}\n", "run:\n  - a\n  - b\nsites:\n  x: {}\n"],
)
def test_sequences_stay_indented_as_they_were(path, text):
    after = edited(path(text), add)
    assert after.startswith(text)
    assert plain(after, "it")["sites"]["three"] == {"title": "New", "layout": "images"}


def test_odd_ways_of_writing_stay(path):
    lines = edited(path(KEPT), add).splitlines(keepends=True)
    start = lines.index("  three:\n")
    assert "".join(lines[:start] + lines[start + 3 :]) == KEPT


def test_a_file_whose_lines_cannot_be_kept_is_left_to_the_user(path):
    text = "run: [a,\n  b]   # two lines\nsites:\n  one: {}\n"
    with pytest.raises(ParamsError, match=r"(?s)add these lines by hand:.*title: New"):
        edited(path(text), add)


@pytest.mark.parametrize("ending", ["", "\r\n"])
def test_ends_of_lines_stay(path, ending):
    """A file from Windows, and one whose last line does not end."""
    end = ending or "\n"
    text = f"sites:{end}  x: {{}}{end}tail: 1{ending}"
    file = path("")
    file.write_bytes(text.encode())
    after = edited(file, add)
    added = f"  three:{end}    title: New  # note{end}    layout: images{end}"
    assert after == text.replace("tail", f"{added}tail").removesuffix(end) + end


def test_what_is_no_yaml_is_refused(path):
    with pytest.raises(ParamsError, match=r"params\.yaml: not valid YAML"):
        edited(path("a: [1\n"), add)


@pytest.mark.parametrize(
    "value", ["plain", "no", "1", "a: b", "# x", "", "Müller's", {"a": [1, "x"]}, [], 0.1, None]
)
def test_a_scalar_reads_as_what_it_was(value):
    text = scalar(value)
    assert "\n" not in text
    assert plain(f"key: {text}", "it")["key"] == value


def test_an_empty_file_gets_its_first_table(path):
    def first(tables):
        tables["sites"] = CommentedMap({"a": 1})

    assert edited(path("sites:\n"), first) == "sites:\n  a: 1\n"


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "  one: {a: 1}\n",
        "  one: {a: 1}\n# on budgets\n",
        "  one: {a: 1}\n\n# on budgets\n",
        "  one:\n    a: 1\n\n# on budgets\n",
        "#  two: {}\n  one: {a: 1}\n",
        "#  an example\n",
    ],
)
def test_a_row_never_comes_between_a_comment_and_what_it_is_on(path, rows):
    text = f"scale: demo\nsites:\n{rows}budgets:\n  x: {{}}\n"
    lines = with_row(path(text), "sites", "new", "title: New  # note").splitlines()
    start = lines.index("  new:")
    assert lines[start - 1].strip()[:1] not in ("", "#")
    assert [*lines[:start], *lines[start + 2 :]] == text.splitlines()


def test_a_second_row_is_placed_as_the_first(path):
    """The settings as they are shipped: examples below the key, a heading of the next table."""
    file = path(SHIPPED.replace("budgets:", "\n# A budget of your own.\nbudgets:"))
    for name in ("one", "two"):
        file.write_text(with_row(file, "sites", name, "title: New"))
    lines = file.read_text().splitlines()
    assert lines[lines.index("sites:") + 1].strip() in ("one:", "two:")
    assert lines[lines.index("budgets:") - 1] == "# A budget of your own."
    assert set(plain(file.read_text(), "it")["sites"]) == {"one", "two"}
