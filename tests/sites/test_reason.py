from elsewhere.sites.reason import aside, rejected


def test_what_was_set_aside_needs_no_remedy_unless_one_is_given():
    assert (aside("A table.").verdict, aside("A table.").remedy) == ("set aside", "Nothing.")
    assert aside("A mask.", remedy="Look at it.").remedy == "Look at it."


def test_what_was_rejected_has_a_remedy():
    reason = rejected("It is damaged.", "Get it again.")
    assert (reason.verdict, reason.sentence, reason.remedy) == (
        "rejected",
        "It is damaged.",
        "Get it again.",
    )
