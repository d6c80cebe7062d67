"""bpcourse doctor: it finds each fault, says how to mend it, and finds none in a sound place."""

import importlib.metadata
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

from bpcourse import cli, doctor

ROOT = Path(__file__).parents[1]


def found(what, findings):
    return next(finding for finding in findings if finding.what == what)


def test_here_everything_but_the_speed_is_well(tmp_path):
    for finding in doctor.examine(tmp_path):
        assert finding.seen
        assert not finding.mend or finding.what == "BLAS", finding


def test_it_asks_for_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["lab"]
    lowest = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in wanted)
    assert lowest == doctor.NEEDED
    assert project["requires-python"] == ">=" + ".".join(map(str, doctor.PYTHON))


def test_an_old_or_missing_package_is_found(monkeypatch):
    def version(name):
        if name == "tqdm":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.9.9" if name == "numpy" else "99.0rc1"

    monkeypatch.setattr(importlib.metadata, "version", version)
    findings = list(doctor.versions())
    assert 'pip install "numpy>=2.0"' in found("numpy", findings).mend
    assert "tqdm" in found("tqdm", findings).mend and found("tqdm", findings).seen == "not there"
    assert not found("jupyterlab", findings).mend


def test_an_old_python_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert "3.11" in doctor.python().mend


def test_a_missing_kernel_and_one_of_another_python_are_found(monkeypatch, tmp_path):
    from jupyter_client import kernelspec

    class Spec:
        argv = [str(tmp_path / "other" / "python")]

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", lambda self, name: Spec)
    assert str(tmp_path / "other") in doctor.kernel().mend

    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    assert "pip install ipykernel" in doctor.kernel().mend
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install ipykernel" in doctor.kernel().mend


def test_missing_widgets_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert "ipywidgets" in doctor.widgets().mend


def test_a_folder_that_cannot_be_written_is_found(tmp_path):
    assert not doctor.writable(tmp_path).mend
    assert "cannot be written" in doctor.writable(tmp_path / "nothing").mend


@pytest.fixture
def kernels(monkeypatch):
    """{kernel: the speeds that its processes will report, the last one for ever; or a failure}."""
    rates = {None: [10], "HASWELL": [40], "SKYLAKEX": [90]}

    class Done:
        def __init__(self, command, env=None, **more):
            left = rates[(env or {}).get("OPENBLAS_CORETYPE")]
            rate = left.pop(0) if len(left) > 1 else left[0]
            self.returncode, self.stdout = (1, "") if rate is None else (0, str(rate))

    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setattr("subprocess.run", Done)
    monkeypatch.setattr(doctor, "_blas_name", lambda: "scipy-openblas")
    monkeypatch.setattr(doctor, "_cores", lambda: ["HASWELL", "SKYLAKEX"])
    return rates


def test_a_slow_blas_kernel_is_found(kernels):
    mend = doctor.blas().mend
    assert "OPENBLAS_CORETYPE=SKYLAKEX" in mend and "9.0 times" in mend
    kernels[None] = [80]
    assert not doctor.blas().mend


@pytest.mark.parametrize("slow", range(doctor.ROUNDS))
def test_a_kernel_that_was_slow_for_a_moment_is_not_one(kernels, slow):
    """Ahead in all rounds but one is chance; and the best speed is the one that is shown."""
    kernels[None] = [10] * slow + [80, 10]
    finding = doctor.blas()
    assert not finding.mend and " 80 billion" in finding.seen


def test_the_smallest_lead_is_the_one_that_is_said(kernels):
    kernels["SKYLAKEX"] = [330, 90, 50, 60]
    mend = doctor.blas().mend
    assert "OPENBLAS_CORETYPE=SKYLAKEX" in mend and "5.0 times" in mend
    kernels["SKYLAKEX"] = [330, 90, 50, 20, 90]  # not far ahead once: HASWELL was, every time
    mend = doctor.blas().mend
    assert "OPENBLAS_CORETYPE=HASWELL" in mend and "4.0 times" in mend


def test_a_kernel_that_does_not_run_is_not_advised(kernels):
    kernels["SKYLAKEX"] = [None]
    assert "HASWELL" in doctor.blas().mend
    kernels[None] = [None]  # nothing to compare with
    assert not doctor.blas().mend


@pytest.mark.parametrize("build", [{}, {"Build Dependencies": {}}, None])
def test_another_library_than_openblas_is_not_measured(monkeypatch, build):
    monkeypatch.setattr(doctor.np, "show_config", lambda mode: build)
    finding = doctor.blas()
    assert finding.seen == doctor.text("doctor.unknown") and not finding.mend


@pytest.mark.parametrize(
    ("flags", "cores"),
    [
        ("sse4_2 avx", []),
        ("avx avx2 fma", ["HASWELL"]),
        ("avx avx2 fma avx512f avx512dq", ["HASWELL", "SKYLAKEX"]),
        (None, []),
    ],
)
def test_only_kernels_that_the_processor_has_are_tried(monkeypatch, flags, cores):
    def read_text(path, encoding):
        if flags is None:
            raise OSError("no such file on this system")
        return f"processor: 0\nflags: fpu {flags}\n"

    monkeypatch.setattr(Path, "read_text", read_text)
    assert doctor._cores() == cores


def test_speed_is_measured():
    assert doctor.speed(100) > 0


def test_the_command(monkeypatch, capsys):
    fine, ill = (
        doctor.Finding("Python", "3.12"),
        doctor.Finding("kernel", "not there", "install it"),
    )
    monkeypatch.setattr(doctor, "examine", lambda: [fine])
    cli.main(["doctor"])
    assert capsys.readouterr().out == "✓ Python      3.12\nAll is well.\n"
    monkeypatch.setattr(doctor, "examine", lambda: [fine, ill])
    with pytest.raises(SystemExit) as stop:
        cli.main(["doctor"])
    assert stop.value.code == 1
    assert "✗ kernel" in capsys.readouterr().out
