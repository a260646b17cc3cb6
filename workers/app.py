"""The app of a worker or beat process: `celery --app workers.app:app worker`, or `beat`."""

import os

from workers.factory import make_app

app = make_app(os.environ["TICKETS_REDIS_URL"], os.environ["TICKETS_DATABASE_URL"])
