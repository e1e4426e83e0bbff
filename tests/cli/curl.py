"""As much of curl as README.md needs, for machines without it."""

import argparse
import base64
import sys

import httpx


def main() -> int:
    """Send one request and print the answer."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true", help="ignored: nothing is said anyway")
    parser.add_argument("-i", action="store_true", help="print the head of the answer too")
    parser.add_argument("-L", action="store_true", help="follow redirects")
    parser.add_argument("-b", help="'': keep cookies between redirects")
    parser.add_argument("-X", help="the method")
    parser.add_argument("-u", help="user:password")
    parser.add_argument("-H", action="append", default=[], help="a header")
    parser.add_argument("-d", help="the body; - is standard input")
    parser.add_argument("--fail-with-body", action="store_true")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.H)
    if given.u is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(given.u.encode()).decode()}"
    body = sys.stdin.read() if given.d == "@-" else given.d
    if body is not None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    method = given.X or ("GET" if body is None else "POST")
    with httpx.Client(follow_redirects=given.L, timeout=30) as client:
        answer = client.request(method, given.url, headers=headers, content=body)
    if given.i:
        print(f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}")
        print(*(f"{name}: {value}" for name, value in answer.headers.items()), sep="\n", end="\n\n")
    print(answer.text, end="")
    return 22 if given.fail_with_body and answer.is_error else 0


sys.exit(main())
