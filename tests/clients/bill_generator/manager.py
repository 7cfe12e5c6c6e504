"""The application's cache manager, as its document describes it, with redis-py."""

import functools
import hashlib
import json

import redis


class CacheManager:
    """JSON values; without Redis everything is a miss."""

    def __init__(self, client, prefix):
        self.client = client
        self.prefix = prefix

    def set(self, key, value, expire=300):
        try:
            self.client.set(self.prefix + key, json.dumps(value, default=str), ex=expire)
        except redis.RedisError:
            pass

    def get(self, key):
        try:
            value = self.client.get(self.prefix + key)
        except redis.RedisError:
            return None
        return None if value is None else json.loads(value)

    def cached(self, expire=300, key=None):
        """Argument-aware keys: readable where the function's author gives one, else a hash."""
        def decorator(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                what = key(*args, **kwargs) if key else hashlib.md5(f"{args}{kwargs}".encode()).hexdigest()
                name = f"{function.__name__}:{what}"
                value = self.get(name)
                if value is None:
                    value = json.loads(json.dumps(function(*args, **kwargs), default=str))
                    self.set(name, value, expire)
                return value
            wrapper.uncached = function
            return wrapper
        return decorator
