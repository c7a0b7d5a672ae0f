"""scripts/ci-comment against an API of our own."""
import http.server
import json
import pathlib
import subprocess
import threading

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/ci-comment"


class Api(http.server.ThreadingHTTPServer):
    """Holds the comments of pull request 7 of o/r, a hundred a page."""

    def __init__(self, bodies, refuse=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments = [{"id": number, "body": body} for number, body in enumerate(bodies, 1)]
        self.refuse = refuse
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, value, code=200):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def value(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def handle_one(self, method):
        api = self.server
        api.asked.append(f"{method} {self.path}")
        assert self.headers["Authorization"] == "Bearer secret"
        if api.refuse:
            self.answer({"message": "no"}, api.refuse)
        elif method == "GET":
            page = int(self.path.rpartition("=")[2])
            self.answer(api.comments[100 * (page - 1):100 * page])
        elif method == "PATCH":
            api.comments[int(self.path.rpartition("/")[2]) - 1]["body"] = self.value()["body"]
            self.answer({})
        else:
            api.comments.append({"id": len(api.comments) + 1, "body": self.value()["body"]})
            self.answer(api.comments[-1], 201)

    def do_GET(self):
        self.handle_one("GET")

    def do_PATCH(self):
        self.handle_one("PATCH")

    def do_POST(self):
        self.handle_one("POST")

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(*args, **kwargs):
        api = Api(*args, **kwargs)
        threading.Thread(target=api.serve_forever, daemon=True).start()
        servers.append(api)
        return api

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


def run(folder, url, text="<!-- duelio-verdict -->\nnew\n", words=("o/r", "7"), token="secret"):
    file = folder / "comment.md"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([SCRIPT, *words, file], capture_output=True, text=True,
                          env={"GITHUB_TOKEN": token, "GITHUB_API_URL": url, "PATH": "/usr/bin:/bin"})


def test_writes_the_first_comment_and_renews_it_afterwards(tmp_path, serve):
    api = serve(["hello"])
    assert run(tmp_path, api.url).returncode == 0
    assert [each["body"] for each in api.comments] == ["hello", "<!-- duelio-verdict -->\nnew\n"]
    done = run(tmp_path, api.url, "<!-- duelio-verdict -->\nnewer\n")
    assert (done.returncode, done.stdout) == (0, "ci-comment: renewed comment 2\n")
    assert [each["body"] for each in api.comments] == ["hello", "<!-- duelio-verdict -->\nnewer\n"]


def test_finds_its_comment_on_a_later_page_and_leaves_quotes_of_it_alone(tmp_path, serve):
    api = serve(["look: <!-- duelio-verdict -->"] * 130 + ["<!-- duelio-verdict -->\nold"])
    assert run(tmp_path, api.url).returncode == 0
    assert api.comments[-1]["body"].endswith("new\n")
    assert len(api.comments) == 131
    assert api.asked[-1] == "PATCH /repos/o/r/issues/comments/131"


def test_says_in_one_line_what_went_wrong(tmp_path, serve):
    refusing = serve([], refuse=403)
    done = run(tmp_path, refusing.url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "403" in done.stderr
    assert run(tmp_path, "http://127.0.0.1:1").returncode == 1
    for wrong in (dict(words=("o", "7")), dict(words=("o/r", "x")), dict(text="no marker\n"), dict(token="")):
        done = run(tmp_path, refusing.url, **wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
    assert len(refusing.asked) == 1
