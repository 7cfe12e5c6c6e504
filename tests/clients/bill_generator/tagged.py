"""Flask-Caching's backend for Redis, and tags for keys that nobody can derive."""

import flask
from flask_caching.backends.rediscache import RedisCache

LONGEST_TTL = 3600


def tag(*names):
    """What the response of this request is made of."""
    flask.g.tags = getattr(flask.g, "tags", ()) + names


class TaggedRedisCache(RedisCache):
    """Registers what is stored under the request's tags, in the same step."""

    def set(self, key, value, timeout=None):
        tags = flask.g.pop("tags", ()) if flask.has_request_context() else ()
        if not tags:
            return super().set(key, value, timeout)
        name = self.key_prefix + key
        with self._write_client.pipeline(transaction=True) as pipe:
            pipe.set(name, self.serializer.dumps(value), ex=self._normalize_timeout(timeout))
            for text in tags:
                pipe.sadd(f"{self.key_prefix}tag:{text}", name)
                pipe.expire(f"{self.key_prefix}tag:{text}", LONGEST_TTL)
            pipe.execute()
        return True
