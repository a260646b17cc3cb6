import random
from urllib.parse import quote

import pytest

from gateway.bad_request import BadRequest
from gateway.contract import Binding, Rpc, rpcs
from gateway.path_templates import PathTemplate
from gateway.routes import NoRoute, Router, WrongMethod

ROUTER = Router(rpcs())
BINDINGS = [(rpc, binding) for rpc in rpcs() for binding in rpc.bindings]
SAMPLES = ["0199a1b2-0000-7000-8000-000000000001", "a:b", "x:view", "search", "bulk!", "é /?#%", "..", "a+b"]


def _rpcs(*bindings: tuple[str, str]) -> list[Rpc]:
    """An RPC for each HTTP method and template, named after both."""
    [some, *_] = rpcs()
    return [
        Rpc("s", f"{method} {template}", some.request, some.response, False, True, (Binding(method, template, "", ""),))
        for method, template in bindings
    ]


def _found(router: Router, method: str, path: str) -> str:
    return router.find(method, path).rpc.name


@pytest.mark.parametrize("value", SAMPLES)
@pytest.mark.parametrize(("rpc", "binding"), BINDINGS, ids=[f"{b.http_method} {b.template}" for _, b in BINDINGS])
def test_every_binding_of_the_contract_is_found_by_its_own_path(rpc: Rpc, binding: Binding, value: str) -> None:
    path = binding.template
    names = [variable.field for variable in PathTemplate.parse(path).variables]
    for name in names:
        path = path.replace("{" + name + "}", quote(value, safe=""))

    route = ROUTER.find(binding.http_method, path)

    assert (route.rpc, route.binding) == (rpc, binding)
    assert route.variables == dict.fromkeys(names, value)


def test_there_are_bindings() -> None:
    assert len(BINDINGS) > 50


@pytest.mark.parametrize(
    ("method", "path", "chosen"),
    [
        ("GET", "/a/b", "GET /a/b"),
        ("GET", "/a/x", "GET /a/{id}"),
        ("GET", "/a/x/y", "GET /a/{rest=**}"),
        ("GET", "/a", "GET /a/{rest=**}"),
        ("GET", "/z/y/x", "GET /**"),
        ("GET", "/x/b", "GET /{id}/b"),
        ("GET", "/a/b/c", "GET /a/*/c"),
        ("GET", "/a/x:view", "GET /a/{id}:view"),
        ("GET", "/a/b:view", "GET /a/{id}:view"),
        ("GET", "/a/x:other", "GET /a/{id}"),
        ("GET", "/a/x%3Aview", "GET /a/{id}"),
        ("GET", "/a:view", "GET /a:view"),
        ("POST", "/a/b", "POST /a/{id}"),
        ("POST", "/a/x:view", "POST /a/{id}"),
        ("DELETE", "/a/b", "* /{name=a/*}"),
        ("DELETE", "/a/x", "* /{name=a/*}"),
    ],
)
def test_the_most_specific_template_under_the_method_is_chosen_whatever_the_order(
    method: str, path: str, chosen: str
) -> None:
    declared = _rpcs(
        ("GET", "/**"),
        ("GET", "/a/{rest=**}"),
        ("GET", "/a/{id}"),
        ("GET", "/a/b"),
        ("GET", "/{id}/b"),
        ("GET", "/a/*/c"),
        ("GET", "/a/{id}:view"),
        ("GET", "/a:view"),
        ("POST", "/a/{id}"),
        ("*", "/{name=a/*}"),
    )
    for seed in range(20):
        random.Random(seed).shuffle(declared)
        assert _found(Router(declared), method, path) == chosen


def test_one_template_alone_is_chosen_where_it_matches() -> None:
    for _, binding in BINDINGS:
        template = PathTemplate.parse(binding.template)
        router = Router(_rpcs((binding.http_method, binding.template)))
        for _, other in BINDINGS:
            variables = template.match(other.template.replace("{", "").replace("}", ""))
            try:
                found = router.find(binding.http_method, other.template.replace("{", "").replace("}", "")).variables
            except NoRoute:
                assert variables is None
            else:
                assert found == variables


def test_get_serves_head_where_nothing_else_does() -> None:
    router = Router(_rpcs(("GET", "/a"), ("GET", "/b"), ("HEAD", "/b")))
    assert _found(router, "HEAD", "/a") == "GET /a"
    assert _found(router, "HEAD", "/b") == "HEAD /b"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/admin/tickets", ("GET", "HEAD", "POST")),
        ("GET", "/admin/tickets:list", ("POST",)),
        ("PUT", "/admin/tickets/x", ("GET", "HEAD", "PATCH")),
        ("DELETE", "/admin/tickets/x:view", ("GET", "HEAD", "PATCH", "POST")),
        ("get", "/admin/tickets", ("GET", "HEAD", "POST")),
        ("*", "/admin/tickets", ("GET", "HEAD", "POST")),
    ],
)
def test_a_wrong_method_names_those_allowed(method: str, path: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(WrongMethod) as error:
        ROUTER.find(method, path)
    assert error.value.allowed == allowed


@pytest.mark.parametrize(
    "path", ["/", "", "*", "/admin", "/admin/tickets/", "/admin//tickets", "/admin/nothing", "/admin/tickets:nothing"]
)
def test_a_path_that_no_template_matches(path: str) -> None:
    with pytest.raises(NoRoute):
        ROUTER.find("GET", path)


@pytest.mark.parametrize("path", ["/admin/tickets/%FF", "/nothing/%FF", "/%zz", "/é"])
def test_a_path_that_is_not_utf8_is_a_bad_request_wherever_it_leads(path: str) -> None:
    with pytest.raises(BadRequest):
        ROUTER.find("GET", path)


@pytest.mark.parametrize("other", ["/a/{id}", "/a/{name}", "/a/*", "/a/{id=*}", "/%61/*"])
def test_two_bindings_for_the_same_requests_are_refused(other: str) -> None:
    with pytest.raises(ValueError, match="are both called by GET"):
        Router(_rpcs(("GET", "/a/{id}"), ("GET", other)))
