"""The container's files name commands, settings and files that exist."""

import json
import re
import shlex

import pytest
import yaml
from command_lines import DEPLOY, STOP_GRACE_S, refused_settings, understood, unknown_settings

ROOT = DEPLOY.parent
CONTAINER = DEPLOY / "container"
INSTRUCTIONS = {
    "FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
    "HEALTHCHECK", "ENTRYPOINT", "CMD",
}  # fmt: skip


@pytest.fixture(scope="module")
def dockerfile():
    """Instructions and their arguments, continued lines joined."""
    text = (CONTAINER / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    pairs = [line.strip().partition(" ") for line in lines if line.strip()]
    return [(name, rest.strip()) for name, _, rest in pairs]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((CONTAINER / "compose.yaml").read_text("utf-8"))


def settings_of(dockerfile) -> dict[str, str]:
    (env,) = [rest for name, rest in dockerfile if name == "ENV"]
    return dict(word.split("=", 1) for word in shlex.split(env))


def test_every_instruction_is_known(dockerfile):
    assert {name for name, _ in dockerfile} == INSTRUCTIONS
    assert dockerfile[0][0] == "FROM"


def test_the_image_starts_the_adapter_and_not_as_root(dockerfile):
    last = dict(dockerfile)
    assert json.loads(last["ENTRYPOINT"]) == ["sasbiws"]
    assert understood(*json.loads(last["CMD"]))[0] == "serve"
    assert last["USER"] == "10001:10001"
    assert last["STOPSIGNAL"] == "SIGTERM"


def test_the_settings_of_the_image_exist(dockerfile):
    settings = settings_of(dockerfile)
    assert not unknown_settings(settings)
    assert not refused_settings(settings)
    last = dict(dockerfile)
    assert last["EXPOSE"] == settings["SASBIWS_PORT"]
    assert last["VOLUME"] == last["WORKDIR"] == settings["SASBIWS_HOME"]


def test_the_health_check_is_python_and_asks_the_right_address(dockerfile):
    health = dict(dockerfile)["HEALTHCHECK"]
    _, _, code = json.loads(health.partition("CMD ")[2])
    compile(code, "health check", "exec")
    assert f"http://127.0.0.1:{settings_of(dockerfile)['SASBIWS_PORT']}/readyz" in code


def test_what_the_image_is_built_from_is_there():
    kept = (CONTAINER / "Dockerfile.dockerignore").read_text("utf-8")
    names = re.findall(r"(?m)^!(.+)$", kept)
    assert not [name for name in names if not (ROOT / name).exists()]
    built = (ROOT / "pyproject.toml").read_text("utf-8")
    taken = re.findall(r'(?m)^"([^"]+)" = "adapter/home/', built)
    assert taken
    assert not set(taken) - set(names)


def test_the_services_run_commands_with_settings_that_exist(compose):
    for name, command in (("adapter", "serve"), ("worker", "work")):
        service = compose["services"][name]
        assert understood(*service["command"])[0] == command
        assert not unknown_settings(service["environment"])
        filled = {
            key: re.sub(r"\$\{.*?\}", "x", text) for key, text in service["environment"].items()
        }
        assert not refused_settings(filled)
        assert int(service["stop_grace_period"].removesuffix("s")) > STOP_GRACE_S + 10
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert (CONTAINER / service["build"]["context"]).resolve() == ROOT.resolve()
        assert (ROOT / service["build"]["dockerfile"]).exists()


def test_services_volumes_and_names_fit_together(compose, dockerfile):
    services = compose["services"]
    url = services["adapter"]["environment"]["SASBIWS_STORE_URL"]
    host, _, database = url.rpartition("@")[2].partition("/")
    assert services[host]["environment"]["POSTGRES_DB"] == database
    assert services[host]["environment"]["POSTGRES_USER"] == "sasbiws"
    assert set(compose["volumes"]) == {services[host]["volumes"][0].partition(":")[0]}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
    assert services["adapter"]["volumes"][0].partition(":")[2] == dict(dockerfile)["VOLUME"]
    assert services["adapter"]["ports"] == [f"127.0.0.1:8100:{dict(dockerfile)['EXPOSE']}"]


def test_the_commands_of_the_first_start_are_understood():
    text = (CONTAINER / "compose.yaml").read_text("utf-8")
    commands = re.findall(r"docker compose run --rm --no-deps adapter (.+)", text)
    assert [understood(*shlex.split(words))[0] for words in commands] == ["init", "add"]
