"""Orders, and the lines of their invoices."""

from dataclasses import dataclass, field

from inventory import Item
from prices import format_price


@dataclass
class Order:
    customer: str
    items: list[Item] = field(default_factory=list)
    currency: str = "EUR"

    def total(self):
        return sum(item.value for item in self.items)

    def lines(self):
        return [order_line(item, self.currency) for item in self.items]


def order_line(item, currency="EUR"):
    label = format_price(item.price, currency)
    return f"{item.name}: {label}"
