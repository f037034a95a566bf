"""Cards as pages."""

from course_lib import zoo
from course_lib.editions.site.networks import network_page, network_pages


def test_a_page_tells_the_scores_and_the_licence_of_a_card():
    card = zoo.card("gru-speech")
    card["scores"]["bits per sample"] = 3.08124
    page = network_page(card, [])
    assert f"**{card['headline']}**" in page
    assert "| licence | CC-BY-SA-3.0 |" in page
    assert "| bits per sample | 3.081 |" in page
    assert "| samples | 738,379 |" in page
    assert "To be heard in" not in page
    assert "What it sounds like" not in page


def test_nested_scores_are_told_with_the_way_to_them():
    card = {
        "name": "x",
        "about": "one | two",
        "headline": "well",
        "model": "Model",
        "configuration": {"gated": True, "rates": [1, 2.5]},
        "weights": {"numbers": 3, "stored as": "float16"},
        "training": {"seconds": 7200, "schedule": None},
        "scores": {"errors": {"rate": 0.25}},
    }
    page = network_page(card, [])
    assert "| errors: rate | 0.25 |" in page
    assert "| gated | yes |" in page
    assert "| rates | 1, 2.5 |" in page
    assert "| trained for | 2 hours |" in page
    assert "licence" not in page


def test_every_network_has_a_page_and_a_line_in_the_index(make_course):
    pages = network_pages(make_course({"01_one": ["x = 1"]}), {})
    assert pages.keys() == {"index", *zoo.names()}
    assert all(f"| [{name}]({name}.md) |" in pages["index"] for name in zoo.names())


def test_times_are_told_in_the_unit_that_suits_them():
    card = zoo.card("gru-speech")
    for seconds, told in ((90, "90 seconds"), (2196, "37 minutes"), (7300, "2 hours")):
        page = network_page({**card, "training": {"seconds": seconds}}, [])
        assert f"| trained for | {told} |" in page
