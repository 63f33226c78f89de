"""What other machines read: Binder, Codespaces, the form for issues."""

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_binder_installs_the_requirements():
    """As repo2docker itself reads the files."""
    reason = "repo2docker is no requirement: pip install jupyter-repo2docker"
    app = pytest.importorskip("repo2docker.app", reason=reason)
    from repo2docker.buildpacks import PythonBuildPack

    before = Path.cwd()
    os.chdir(ROOT)
    try:
        pack = PythonBuildPack(app.Repo2Docker().base_image)
        assert pack.detect() and pack.binder_dir == ".binder" and pack.python_version == "3.12"
        ((_, install),) = pack.get_assemble_scripts()
        assert '-r ".binder/requirements.txt"' in install
        assert pack.get_post_build_scripts() == [".binder/postBuild"]
    finally:
        os.chdir(before)
    assert (ROOT / ".binder/requirements.txt").read_text().split() == ["-r", "../requirements.txt"]
    assert os.access(ROOT / ".binder/postBuild", os.X_OK)


def test_codespaces_has_the_environment_of_make():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    vscode = container["customizations"]["vscode"]
    assert vscode["settings"]["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"
    assert container["postCreateCommand"].startswith("make .venv/ready")
    assert "ms-toolsai.jupyter" in vscode["extensions"]
    assert all((ROOT / name).is_file() for name in container["customizations"]["codespaces"]["openFiles"])


def test_the_form_for_issues_offers_every_notebook():
    text = (ROOT / ".github/ISSUE_TEMPLATE/notebook.yml").read_text(encoding="utf-8")
    notebooks = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    offered = [line.strip(" -") for line in text.splitlines() if line.startswith("        - ")]
    assert offered[:-1] == notebooks
