"""Writes templates.json: what Python's jinja2 makes of llama.cpp's chat templates.

    pip install jinja2==3.1.6
    python make_templates.py LAB

LAB is the directory that scripts/lab.py fills. Every template is rendered on
every conversation of conversations.json, with and without a generation prompt.
Recorded is the SHA-256 of the text, or the class of the error. With further
arguments TEMPLATE CONVERSATION the text is printed instead.
"""

import hashlib
import json
import pathlib
import sys

from environment import environment, render

HERE = pathlib.Path(__file__).parent
FOLDER = "llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates"


def main(lab, *one):
    conversations = json.loads((HERE / "conversations.json").read_text())
    env = environment()
    results = {}
    for path in sorted((pathlib.Path(lab) / FOLDER).glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        row = results[path.name] = {}
        for name, variables in conversations.items():
            for prompt in (False, True):
                key = name + (" +prompt" if prompt else "")
                if one and one != (path.name, key):
                    continue
                text, error = render(env, source, dict(variables, add_generation_prompt=prompt))
                if one:
                    print(error or text, end="")
                row[key] = error or hashlib.sha256(text.encode()).hexdigest()[:16]
    if not one:
        with open(HERE / "templates.json", "w") as f:
            json.dump(results, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
