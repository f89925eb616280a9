"""A user's own code in `dufm compare`: whatever it does, one line and code 2, and nothing but JSON on stdout."""

import json
from pathlib import Path

import pytest

from dufm.verification.cli import app

GOOD = """
import sympy as sp
class Mine:
    name, needs = "plain", "K >= 2"
    def valid(self, K, L): return True
    def weights(self, K, L): return [sp.eye(K)] * (L + 1)
    def cost(self, K, L): return sp.Integer(K)
"""
BAD = {
    "raise": ("return sp.Integer(K)", "raise MemoryError('a\\nb')", "cost(3, 3) raised MemoryError"),
    "exit": ("return sp.Integer(K)", "raise SystemExit(0)", "cost(3, 3) raised SystemExit"),
    "exit in valid": ("return True", "raise SystemExit(0)", "valid(3, 3) raised SystemExit"),
    "exit at import": ("import sympy as sp", "raise SystemExit", "does not import: SystemExit"),
    "loop": ("return sp.Integer(K)", "\n        while True: pass", "cost(3, 3) did not end within --timeout 0.5"),
    "loop, caught": (
        "return sp.Integer(K)",
        "\n        try:\n            while True: pass\n        except Exception: return K",
        "did not end within",
    ),
    "text": ("return sp.Integer(K)", "return \"open('harmed', 'w')\"", "cost must give numbers, got text"),
    "text in weights": ("[sp.eye(K)]", "[[[\"open('harmed', 'w')\"]]]", "weights must give numbers, got text"),
    "no name": ('"plain"', "3", "name must be text"),
}


def compare(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[object, str, str]:
    words = ["dufm", "compare", f"{path}:Mine", "--K", "3", "--L", "3", *more]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        app.main()
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


@pytest.mark.parametrize("name", BAD)
def test_whatever_the_code_does_is_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, words = BAD[name]
    monkeypatch.chdir(tmp_path)
    Path("my.py").write_text(GOOD.replace(old, new))
    code, out, err = compare(Path("my.py"), monkeypatch, capsys, "--timeout", "0.5")
    assert code == 2 and out == "" and err.count("\n") == 1 and words in err, err
    assert not Path("harmed").exists()


def test_prints_and_markup_do_not_spoil_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my.py"
    path.write_text(GOOD.replace("return True", "print('noise'); return True").replace("plain", "[red]x[/nothing]"))
    code, out, err = compare(path, monkeypatch, capsys, "--json")
    assert code == 0 and json.loads(out)["rows"][0]["structure"] == "[red]x[/nothing] (yours)" and "noise" in err
    code, out, _ = compare(path, monkeypatch, capsys)
    assert code == 0 and "[red]x[/nothing]" in out
    code, _, err = compare(path, monkeypatch, capsys, "--timeout", "0")
    assert code == 2 and "--timeout must be" in err
    assert compare(path, monkeypatch, capsys, "--timeout", "1m")[0] == 0
