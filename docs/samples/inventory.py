"""A small shop inventory: items in stock, their value, and what to reorder."""

import json
from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    quantity: int = 0
    tags: list = field(default_factory=list)

    @property
    def value(self):
        return self.price * self.quantity


class Inventory:
    def __init__(self, items=None):
        self.items = {}
        for item in items or []:
            self.add(item)

    def add(self, item):
        if item.name in self.items:
            raise ValueError(f"{item.name} is already in the inventory")
        self.items[item.name] = item

    def remove(self, name):
        if name not in self.items:
            raise KeyError(name)
        return self.items.pop(name)

    def get(self, name, default=None):
        return self.items.get(name, default)

    def total(self):
        total = 0
        for item in self.items.values():
            total += item.value
        return total

    def missing(self, limit=1):
        result = []
        for item in self.items.values():
            if item.quantity < limit:
                result.append(item.name)
        return result

    def with_tag(self, tag):
        result = []
        for item in self.items.values():
            if tag in item.tags:
                result.append(item.name)
        return result


def load(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    return Inventory([Item(**entry) for entry in data])
