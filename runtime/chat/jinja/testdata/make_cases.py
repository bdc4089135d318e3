"""Writes cases.json: what Python's jinja2 makes of our own small templates.

    pip install jinja2==3.1.6
    python make_cases.py

The templates are the lines of expressions.txt, each printed by {{ }}, and the
pieces of statements.txt between lines of dashes. Recorded is the text, or the
class of the error as {"error": ...}.
"""

import json
import pathlib

from environment import environment, render

HERE = pathlib.Path(__file__).parent

VARIABLES = {
    "text": "hello",
    "unicode": "aé東😀",
    "numbers": [3, 1, 2],
    "big": 12345678901234567890,
    "user": {"name": "Ann", "tags": ["x", "y"], "age": 42, "note": None, "ratio": 0.5, "ok": True, "sub": {"k": "v <é>"}},
    "odd": {"items": "I", "get": "G"},
    "people": [
        {"name": "Bob", "age": 30, "city": "Rome", "tags": ["t"]},
        {"name": "ann", "city": "Oslo", "address": {"zip": "0150"}},
        {"name": "Cyd", "age": 51, "city": "rome"},
        {"name": "Ann", "age": 0, "city": "Rome"},
    ],
    "messages": [{"role": "system", "content": "Be kind. "}, {"role": "user", "content": " Hi\n"}],
}


def main():
    lines = (HERE / "expressions.txt").read_text().splitlines()
    sources = ["{{ " + line + " }}" for line in lines if line and not line.startswith("#")]
    sources += (HERE / "statements.txt").read_text().removesuffix("\n").split("\n----\n")
    env = environment()
    cases = []
    for source in sources:
        text, error = render(env, source, VARIABLES)
        assert " at 0x" not in (text or ""), f"{source}: an address differs each time"
        cases.append([source, text if error is None else {"error": error}])
    with open(HERE / "cases.json", "w") as f:
        f.write('{"variables": ' + json.dumps(VARIABLES) + ',\n"cases": [\n')
        f.write(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
