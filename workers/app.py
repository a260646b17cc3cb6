"""The app of a worker or beat process: `celery --app workers.app:app worker`, or `beat`."""

from server.settings import Settings
from workers.factory import make_app

_settings = Settings()
app = make_app(_settings.redis_url.get_secret_value(), _settings.database_url.get_secret_value())
