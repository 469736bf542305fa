"""app: it starts over a project, and every mistake becomes a page without a path in it."""


def test_the_first_page_leads_to_the_first_study(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.url.path == "/studies/nguyen2021"
    assert "SYNTHETIC DATA" in answer.text
