"""A page of another origin, in a real browser, changes and reads nothing of a served data directory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.browser.conftest import FOREIGN_HOST
from tests.builders.data_directories import copy_countries, wait_until
from tests.servers.dagster_servers import Served, served

STOPPED = (
    "schedules: {inbox: {is_on: false}, nightly: {is_on: false}, monthly: {is_on: false}, pruning: {is_on: false}}\n"
)
FIELDS = "{ __schema { mutationType { fields { name } } } }"
START = """mutation { startSchedule(scheduleSelector: {repositoryLocationName: "pipelines.definitions",
    repositoryName: "__repository__", scheduleName: "monthly"}) { __typename } }"""
STATES = (
    "{ repositoriesOrError { ... on RepositoryConnection { nodes { schedules { name scheduleState { status } } } } } }"
)

# What a page can send to another origin without asking it first, and what the browser asks about.
ATTACK = """async ([target, queries]) => {
  const until = (element, event) => new Promise(done => element.addEventListener(event, done))
  for (const query of queries) {
    const body = JSON.stringify({query}), address = target + '/graphql?query=' + encodeURIComponent(query)
    const post = (url, options) => fetch(url, {method: 'POST', credentials: 'include', ...options}).catch(() => null)
    await post(target + '/graphql', {mode: 'no-cors', body, headers: {'Content-Type': 'text/plain'}})
    await post(address, {mode: 'no-cors'})
    await post(target + '/graphql', {body, headers: {'Content-Type': 'application/json'}})
    const image = new Image(); const loaded = until(image, 'error'); image.src = address; await loaded
    const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame)
    const form = document.createElement('form')
    Object.assign(form, {action: address, method: 'post', enctype: 'text/plain', target: 'f'})
    document.body.append(form); const sent = until(frame, 'load'); form.submit(); await sent
    form.remove(); frame.remove()
  }
}"""
READ = """async target => {
  const text = options => fetch(target + '/server_info', options).then(answer => answer.text(), () => '')
  const socket = await new Promise(done => {
    const one = new WebSocket(target.replace('http', 'ws') + '/graphql', 'graphql-ws')
    one.onopen = () => done('open'); one.onerror = () => done('refused')
  })
  return [await text({credentials: 'include'}), await text({mode: 'no-cors'}), socket]
}"""
ASK = """async query => {
  const headers = {'Content-Type': 'application/json'}
  return await (await fetch('/graphql', {method: 'POST', headers, body: JSON.stringify({query})})).json()
}"""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = copy_countries(tmp_path_factory.mktemp("served") / "data")
    place.write("settings.yml", STOPPED)
    with served(place) as one:
        assert wait_until(one.is_ready, 240)
        yield one


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web server with one empty page."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "index.html").write_text("<body></body>", "utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def person(browser: Browser, one: Served) -> Iterator[Page]:
    """The page of the person at the machine, who opened the link."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(one.link)
        yield page


def states(page: Page) -> dict[str, str]:
    (repository,) = page.evaluate(ASK, STATES)["data"]["repositoriesOrError"]["nodes"]
    return {schedule["name"]: schedule["scheduleState"]["status"] for schedule in repository["schedules"]}


@pytest.mark.parametrize("host", [FOREIGN_HOST, "127.0.0.1", "localhost"])
def test_no_mutation_of_another_origin_arrives(person: Page, one: Served, elsewhere: int, host: str) -> None:
    """The browser has the cookie, and pages of another port of this machine are of the same site."""
    names = [field["name"] for field in person.evaluate(ASK, FIELDS)["data"]["__schema"]["mutationType"]["fields"]]
    assert len(names) > 30
    before = states(person)
    page = person.context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if f":{one.port}" in answer.url else None)
    page.goto(f"http://{host}:{elsewhere}/")
    queries = [START, *(f"mutation {{ {name} {{ __typename }} }}" for name in names)]
    page.evaluate(ATTACK, [f"http://127.0.0.1:{one.port}", queries])
    assert len(answers) >= 4 * len(queries)
    assert {answer.status for answer in answers} <= {403, 405}
    assert states(person) == before
    page.close()


@pytest.mark.parametrize("host", [FOREIGN_HOST, "127.0.0.1", "localhost"])
def test_another_origin_reads_nothing_and_opens_no_socket(person: Page, one: Served, elsewhere: int, host: str) -> None:
    page = person.context.new_page()
    page.goto(f"http://{host}:{elsewhere}/")
    assert page.evaluate(READ, f"http://127.0.0.1:{one.port}") == ["", "", "refused"]
    page.close()


def test_a_name_that_is_bound_to_this_machine_afterwards_reads_nothing(person: Page, one: Served) -> None:
    page = person.context.new_page()
    answer = page.goto(f"http://{FOREIGN_HOST}:{one.port}/")
    assert answer is not None
    assert (answer.status, "dagster" in page.content().lower()) == (421, False)
    info, _, socket = page.evaluate(READ, f"http://{FOREIGN_HOST}:{one.port}")
    assert ("version" in info, socket) == (False, "refused")
    page.close()


def test_the_person_at_the_machine_reads_and_with_the_link_changes(browser: Browser, one: Served, person: Page) -> None:
    with browser.new_context() as context:
        reader = context.new_page()
        failed: list[str] = []
        reader.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        reader.goto(f"http://127.0.0.1:{one.port}/automation")
        reader.get_by_text("monthly").first.wait_for(timeout=60_000)
        assert failed == []
        assert states(reader)["monthly"] == "STOPPED"
        assert "read-only" in json.dumps(reader.evaluate(ASK, START))
        assert states(reader)["monthly"] == "STOPPED"
    assert "token" not in person.url
    assert person.evaluate(ASK, START)["data"]["startSchedule"]["__typename"] == "ScheduleStateResult"
    assert states(person)["monthly"] == "RUNNING"
