"""The notebook under load: people who write one note after the other. For Locust."""

from urllib.parse import urlsplit

from locust import FastHttpUser, task

from harness.load import Journal


class Writer(FastHttpUser):
    def on_start(self) -> None:
        self.journal = Journal(self)

    @task
    def write(self) -> None:
        note = self.journal.record("note")
        with note.save(title="plain", summary="comparison", body="multiline") as save:
            sent = {**save.values, "effort": "", "due": "", "kind": "idea"}
            answer = self.client.post("/new", data=sent, allow_redirects=False)
            if answer.status_code == 303:
                save.acknowledged("303 POST /new", level="transport")
            else:
                save.refused(f"{answer.status_code} POST /new")
                return
            where = str(answer.headers and answer.headers["Location"])
        note.key = urlsplit(where).path.rpartition("/")[2]
