"""The guides name files that are shipped, and commands that are understood."""

import re
import shlex

import pytest
from command_lines import DEPLOY, understood

from adapter.config.keys import BY_NAME

ROOT = DEPLOY.parent
FENCE = re.compile(r"^( *)```(sh|powershell)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|bin/|Scripts\\|adapter )sasbiws ([a-z]+ .*)$")
GUIDES = ("install.md", "ci360.md")


def text_of(guide: str) -> str:
    return (ROOT / "docs" / guide).read_text("utf-8")


def commands_of(guide: str) -> list[str]:
    lines = [
        line.strip() for _, _, body in FENCE.findall(text_of(guide)) for line in body.splitlines()
    ]
    return [found[1] for line in lines if (found := CALL.search(line))]


@pytest.mark.parametrize(
    "command", sorted({command for guide in GUIDES for command in commands_of(guide)})
)
def test_every_command_of_the_guides_is_understood(command):
    words = [word.strip('"') for word in shlex.split(command, posix=False)]
    assert understood(*words)[0]


def test_every_shipped_file_is_in_the_guide_and_there_is_no_other():
    told = text_of("install.md").replace("\\", "/")
    shipped = [
        path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert len(shipped) > 8
    assert not [
        path for path in shipped
        if path.name not in told and path.parent.relative_to(ROOT).as_posix() not in told
    ]  # fmt: skip
    named = set(re.findall(r"deploy/[\w./-]*\w", told))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_file_says_whether_it_was_run():
    parsed = ("systemd/sasbiws.service", "systemd/sasbiws-work.service", "windows/sasbiws.xml",
              "windows/sasbiws-work.xml", "windows/install-service.ps1", "iis/web.config",
              "container/Dockerfile", "container/compose.yaml", "nginx/sasbiws.conf")  # fmt: skip
    for name in parsed:
        head = (DEPLOY / name).read_text("utf-8")[:1200]
        assert re.search(r"[Nn]ot run|Tried with", head), name


def test_the_endpoint_of_the_guides_is_the_one_that_is_served():
    served = f"http://{BY_NAME['host'].default}:{BY_NAME['port'].default}/ExecuteSTP"
    for guide in GUIDES:
        for address in re.findall(r"http://127[\d.]+:\d+/\w+", text_of(guide)):
            assert address in {served, served.replace("ExecuteSTP", "readyz")}
    assert f"`{served}`" in text_of("ci360.md")


def test_no_file_names_where_packages_come_from():
    hosts = re.compile(r"pypi|pythonhosted|npmjs|docker\.io", re.IGNORECASE)
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert not hosts.search(path.read_text("utf-8")), path
