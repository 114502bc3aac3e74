#!/usr/bin/env python3
"""requests.Session, its connection kept alive.

session.py WORK BASE CA USER PASS FILE…
"""

import json
import os
import sys
import time

import requests


def main(work, base, ca, user, password, *files):
    session = requests.Session()
    session.verify = ca
    session.headers["User-Agent"] = "Mozilla/5.0 Sistema ERP/1.0"
    conn = base + "/php/conn.php"

    def post(mod, path=None, files=None, **fields):
        answer = session.post(conn, data={"comp": "5", "mod": mod, "path": path, **fields}, files=files)
        answer.raise_for_status()
        return answer.json()

    assert "C" in post("login", user=user, **{"pass": password})
    begin = time.monotonic()
    for file in files:
        with open(file, "rb") as document:
            part = {"file": (os.path.basename(file), document, "application/xml")}
            answer = post("Upload", "eguarda/php/", part, recipient="")
        assert answer["S"]["P"] == 1, answer
        if work == "endorse":
            answer = post("Protocolo", "atwe/php/", **{"chave[]": os.path.basename(file)[:44]})
            assert answer["S"][0]["protocolo"], answer
    print(json.dumps({"seconds": time.monotonic() - begin}))


main(*sys.argv[1:])
