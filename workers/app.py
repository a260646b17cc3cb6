"""The app of a worker or beat process: `celery --app workers.app:app worker`, or `beat`."""

from server.settings import Settings
from workers.factory import make_app
from workers.logs import own_logs

_settings = Settings()
own_logs(_settings)
app = make_app(_settings)
