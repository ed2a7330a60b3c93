"""Takes what would go to OpenSearch or Splunk, and refuses what those would refuse. Counts events into a file."""

import http.server
import json
import re
import sys

OUT = sys.argv[1]
IDS, HEC, REQUESTS = set(), [], {"bulk": 0}


def bulk(lines):
    items, errors = [], False
    if len(lines) % 2:
        return 400, {"error": "an action without its document"}
    for action, document in zip(lines[::2], lines[1::2]):
        document_id = action["create"]["_id"]
        if not re.match(r"\d{4}-\d\d-\d\dT", document["@timestamp"]) or document["event"]["module"] != "oci":
            items.append({"create": {"error": {"type": "mapper_parsing_exception"}}})
            errors = True
        elif document_id in IDS:
            items.append({"create": {"error": {"type": "version_conflict_engine_exception"}}})
            errors = True
        else:
            IDS.add(document_id)
    return 200, {"errors": errors, "items": items}


def hec(lines):
    for line in lines:
        if line["sourcetype"] != "oci:audit" or not isinstance(line["time"], (int, float)) or not line["event"]:
            return 400, {"text": "Invalid data format", "code": 6}
    HEC.extend(lines)
    return 200, {"text": "Success", "code": 0}


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.split("?")[0]
        try:
            lines = [json.loads(line) for line in body.decode().splitlines()]
            if self.headers["Authorization"] != "Splunk canary":
                status, answer = 401, {"text": "Invalid token", "code": 4}
            elif not body.endswith(b"\n"):
                status, answer = 400, {"error": "the last line has no end"}
            elif path == "/oci-audit/_bulk":
                REQUESTS["bulk"] += 1
                refuse = REQUESTS["bulk"] == 3
                status, answer = (413, {"error": "too large"}) if refuse else bulk(lines)
            elif path == "/services/collector/event":
                status, answer = hec(lines)
            else:
                status, answer = 404, {}
        except (ValueError, KeyError) as error:
            status, answer = 400, {"error": str(error)}
        with open(OUT, "w") as out:
            json.dump({"bulk": len(IDS), "hec": len(HEC)}, out)
        # As the services write it, without spaces.
        text = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
    print(server.server_address[1], flush=True)
    sys.stdout.close()
    server.serve_forever()
