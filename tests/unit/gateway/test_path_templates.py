import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bad_request import BadRequest
from gateway.path_templates import PathTemplate

NO_MATCH = None


@pytest.mark.parametrize(
    ("template", "path", "variables"),
    [
        # literals
        ("/a", "/a", {}),
        ("/a", "/b", NO_MATCH),
        ("/a", "/a/b", NO_MATCH),
        ("/a/b", "/a", NO_MATCH),
        ("/a", "/A", NO_MATCH),
        ("/a", "/%61", {}),
        ("/a%20b", "/a%20b", {}),
        ("/a%2Fb", "/a%2fb", {}),
        ("/a%2Fb", "/a/b", NO_MATCH),
        ("/a.b", "/a.b", {}),
        ("/a.b", "/acb", NO_MATCH),
        ("/a+b", "/a+b", {}),
        ("/a+b", "/a%20b", NO_MATCH),
        # one segment
        ("/*", "/a", {}),
        ("/*", "/", NO_MATCH),
        ("/*", "/a/b", NO_MATCH),
        ("/{id}", "/a", {"id": "a"}),
        ("/{id=*}", "/a", {"id": "a"}),
        ("/a/{id}/b", "/a/x/b", {"id": "x"}),
        ("/a/{id}/b", "/a//b", NO_MATCH),
        ("/{ticket.id}", "/a", {"ticket.id": "a"}),
        ("/{a.b.c}/{a.b.d}", "/x/y", {"a.b.c": "x", "a.b.d": "y"}),
        ("/{id}", "/a%2Fb%2fc", {"id": "a/b/c"}),
        ("/{id}", "/a+b", {"id": "a+b"}),
        ("/{id}", "/%C3%A9%e2%82%ac", {"id": "é€"}),
        ("/{id}", "/%25%32%35", {"id": "%25"}),
        ("/{id}", "/%00", {"id": "\0"}),
        ("/{id}", "/%3Fa=b&c%23", {"id": "?a=b&c#"}),
        # dots are segments like others
        ("/a/{id}", "/a/.", {"id": "."}),
        ("/a/{id}", "/a/..", {"id": ".."}),
        ("/a/{id}", "/a/%2e%2E", {"id": ".."}),
        ("/a/{id}", "/a/1.2", {"id": "1.2"}),
        # empty segments, trailing slashes
        ("/a", "/a/", NO_MATCH),
        ("/a", "//a", NO_MATCH),
        ("/a/{id}", "/a/", NO_MATCH),
        ("/a/{id}", "/a/x/", NO_MATCH),
        ("/a/**", "/a/", NO_MATCH),
        ("/a/{rest=**}", "/a/b//c", NO_MATCH),
        ("/a", "", NO_MATCH),
        ("/a", "a", NO_MATCH),
        ("/a", "b/a", NO_MATCH),
        # any number of segments
        ("/**", "/", {}),
        ("/**", "/a", {}),
        ("/**", "/a/b", {}),
        ("/a/**", "/a", {}),
        ("/a/**", "/a/b/c", {}),
        ("/a/**", "/b", NO_MATCH),
        ("/a/*/**", "/a", NO_MATCH),
        ("/a/*/**", "/a/b", {}),
        ("/a/{rest=**}", "/a", {"rest": ""}),
        ("/a/{rest=**}", "/a/b", {"rest": "b"}),
        ("/a/{rest=**}", "/a/b/c", {"rest": "b/c"}),
        ("/{rest=**}", "/a%2Fb/c%2fd", {"rest": "a%2Fb/c%2fd"}),
        ("/{rest=**}", "/a%2Fb%20%C3%A9%3A", {"rest": "a%2Fb é:"}),
        ("/{rest=**}", "/a%252F", {"rest": "a%2F"}),
        # several segments in one variable
        ("/v1/{name=messages/*}", "/v1/messages/123", {"name": "messages/123"}),
        ("/v1/{name=messages/*}", "/v1/messages", NO_MATCH),
        ("/v1/{name=messages/*}", "/v1/others/123", NO_MATCH),
        ("/v1/{name=messages/*}", "/v1/messages/a%2Fb%2Bc", {"name": "messages/a%2Fb+c"}),
        ("/{name=a/*/b/**}", "/a/x/b", {"name": "a/x/b"}),
        ("/{name=a/*/b/**}", "/a/x/b/y/z", {"name": "a/x/b/y/z"}),
        ("/{name=a/*/b/**}", "/a/x/c/y", NO_MATCH),
        ("/{name=shelves}", "/shelves", {"name": "shelves"}),
        ("/{a=x/*}/{b=y/*}", "/x/1/y/2", {"a": "x/1", "b": "y/2"}),
        # verbs
        ("/tickets:search", "/tickets:search", {}),
        ("/tickets:search", "/tickets", NO_MATCH),
        ("/tickets:search", "/tickets/x:search", NO_MATCH),
        ("/tickets:search", "/tickets:searching", NO_MATCH),
        ("/tickets:search", "/tickets%3Asearch", NO_MATCH),
        ("/tickets:search", "/tickets:%73earch", {}),
        ("/tickets/{id}:view", "/tickets/a:view", {"id": "a"}),
        ("/tickets/{id}:view", "/tickets/a:b:view", {"id": "a:b"}),
        ("/tickets/{id}:view", "/tickets/a%3Aview", NO_MATCH),
        ("/tickets/{id}:view", "/tickets/:view", NO_MATCH),
        ("/tickets/{id}:view", "/tickets:view", NO_MATCH),
        ("/tickets/{id}", "/tickets/a:b", {"id": "a:b"}),
        ("/tickets/{id}", "/tickets/a%3Ab", {"id": "a:b"}),
        ("/tickets/{id}", "/tickets/a:", {"id": "a:"}),
        ("/tickets/{id}/timeline:watch", "/tickets/a:b/timeline:watch", {"id": "a:b"}),
        ("/tickets/{id}/timeline", "/tickets/a/timeline:watch", NO_MATCH),
        ("/{rest=**}:cancel", "/a/b:cancel", {"rest": "a/b"}),
        ("/v1/**:cancel", "/v1:cancel", {}),
    ],
)
def test_what_a_template_matches_and_what_it_binds(template: str, path: str, variables: dict[str, str] | None) -> None:
    assert PathTemplate.parse(template).match(path) == variables


@pytest.mark.parametrize(
    "path",
    ["/%FF", "/%C3", "/%c3/%A9", "/a:%FF", "/%", "/%4", "/%zz", "/é", "/%ED%A0%80", "/%C0%AF", "/%u0041", "/%+1"],
    ids=ascii,
)
@pytest.mark.parametrize("template", ["/{id}", "/{rest=**}", "/other"])
def test_a_path_that_is_not_utf8_under_percent_escapes_is_a_bad_request(template: str, path: str) -> None:
    with pytest.raises(BadRequest, match="path of the URL"):
        PathTemplate.parse(template).match(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a",
        "/a/",
        "//a",
        "/a//b",
        "/{}",
        "/{a",
        "/{1a}",
        "/{a.}",
        "/{a={b}}",
        "/{a=}",
        "/{a=/b}",
        "/{a=b/}",
        "/{a}b",
        "/a{b}",
        "/**/a",
        "/{a=**}/b",
        "/{a=**/b}",
        "/***",
        "/a*",
        "/a:",
        "/a:b:c",
        "/a:b/c",
        "/:a",
        "/a?b",
        "/a b",
        "/é",
        "/%2A",
        "/%zz",
        "/{a}/{a}",
        "/a\n",
    ],
)
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        PathTemplate.parse(text)


def _escaped(text: str, *, upper: bool) -> str:
    return "".join(f"%{byte:02X}" if upper else f"%{byte:02x}" for byte in text.encode())


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans())
def test_a_variable_of_one_segment_can_be_any_text(value: str, upper: bool) -> None:
    assert PathTemplate.parse("/a/{id}:view").match(f"/a/{_escaped(value, upper=upper)}:view") == {"id": value}


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_any_ascii_matches_or_does_not_or_is_a_bad_request(path: str) -> None:
    try:
        match = PathTemplate.parse("/{rest=**}").match(path)
    except BadRequest:
        assert "%" in path
    else:
        assert match is None or path.startswith("/")
