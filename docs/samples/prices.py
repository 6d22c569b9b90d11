"""Formatting of prices."""

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


def format_price(amount, currency="EUR"):
    sign = SIGNS.get(currency, currency)
    return f"{amount:,.2f} {sign}"


def price_label(item, currency="EUR"):
    label = format_price(item.price, currency)
    return f"{item.name}: {label}"


def value_label(item, currency="EUR"):
    label = format_price(item.value, currency)
    return f"{item.quantity} × {item.name}: {label}"
