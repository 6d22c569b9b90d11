// Twenty small edits of our own making, each with a check that only an edited file passes. The part to be edited stands between
// ⟦ and ⟧; `answer` is one way to do it, with which the check is checked.

export interface EditTask {
  readonly id: string;
  readonly instruction: string;
  readonly file: string;
  /** The part as it should be, indented as it stands in the file, its first line from the mark on. */
  readonly answer: string;
  /** Python behind the file; `source` holds the file's text. Comes to its end where the edit is right. */
  readonly check: string;
}

export const TASKS: readonly EditTask[] = [
  {
    id: 'rename a parameter',
    instruction: 'Rename the parameter x to radius.',
    file: `import math

⟦def area(x):
    """Area of a circle."""
    return math.pi * x ** 2⟧


def perimeter(x):
    return 2 * math.pi * x
`,
    answer: `def area(radius):
    """Area of a circle."""
    return math.pi * radius ** 2`,
    check: 'assert abs(area(radius=2) - 4 * math.pi) < 1e-9\nassert abs(perimeter(x=1) - 2 * math.pi) < 1e-9',
  },
  {
    id: 'rename a variable',
    instruction: 'Rename the variable d to counts.',
    file: `def histogram(words):
    ⟦d = {}
    for word in words:
        d[word] = d.get(word, 0) + 1
    return d⟧


def most_common(words):
    counts = histogram(words)
    return max(counts, key=counts.get)
`,
    answer: `counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts`,
    check:
      "import re\nassert histogram(['a', 'b', 'a']) == {'a': 2, 'b': 1}\nassert not re.search(r'\\bd\\b', source)\nassert most_common(['a', 'b', 'a']) == 'a'",
  },
  {
    id: 'default value',
    instruction: 'Give the parameter separator the default value ", ".',
    file: `⟦def listing(items, separator):
    return separator.join(str(item) for item in items)⟧


def shout(text):
    return text.upper() + "!"
`,
    answer: `def listing(items, separator=", "):
    return separator.join(str(item) for item in items)`,
    check:
      "assert listing([1, 2]) == '1, 2'\nassert listing([1, 2], '-') == '1-2'\nassert shout('a') == 'A!'",
  },
  {
    id: 'guard against None',
    instruction: 'Return an empty string if name is None.',
    file: `class Greeter:
    def __init__(self, greeting):
        self.greeting = greeting

    ⟦def greet(self, name):
        return f"{self.greeting}, {name.strip()}!"⟧

    def __repr__(self):
        return f"Greeter({self.greeting!r})"
`,
    answer: `def greet(self, name):
        if name is None:
            return ""
        return f"{self.greeting}, {name.strip()}!"`,
    check:
      "g = Greeter('Hi')\nassert g.greet(None) == ''\nassert g.greet(' Ada ') == 'Hi, Ada!'\nassert repr(g) == \"Greeter('Hi')\"",
  },
  {
    id: 'comprehension',
    instruction: 'Replace the loop by a list comprehension.',
    file: `def squares_of_even(numbers):
    ⟦result = []
    for number in numbers:
        if number % 2 == 0:
            result.append(number * number)
    return result⟧
`,
    answer: 'return [number * number for number in numbers if number % 2 == 0]',
    check: "assert squares_of_even([1, 2, 3, 4]) == [4, 16]\nassert 'append' not in source",
  },
  {
    id: 'f-string',
    instruction: 'Use an f-string.',
    file: `def label(name, count):
    ⟦return "%s (%d)" % (name, count)⟧


def title(name):
    return name.title()
`,
    answer: 'return f"{name} ({count})"',
    check: "assert label('a', 2) == 'a (2)'\nassert '%' not in source\nassert title('ab') == 'Ab'",
  },
  {
    id: 'docstring',
    instruction: 'Add a docstring.',
    file: `⟦def clamp(value, low, high):
    return max(low, min(value, high))⟧


def scale(value, factor):
    return value * factor
`,
    answer: `def clamp(value, low, high):
    """Keep the value between low and high."""
    return max(low, min(value, high))`,
    check:
      'assert clamp.__doc__\nassert clamp(5, 0, 3) == 3\nassert clamp(-1, 0, 3) == 0\nassert scale(2, 3) == 6',
  },
  {
    id: 'type hints',
    instruction: 'Add type hints: words is a list of str, the result an int.',
    file: `⟦def total_length(words):
    return sum(len(word) for word in words)⟧
`,
    answer: `def total_length(words: list[str]) -> int:
    return sum(len(word) for word in words)`,
    check:
      "hints = total_length.__annotations__\nassert 'words' in hints and hints.get('return') in (int, 'int')\nassert total_length(['ab', 'c']) == 3",
  },
  {
    id: 'raise an error',
    instruction: 'Raise a ValueError if amount is not positive.',
    file: `class Account:
    def __init__(self):
        self.balance = 0

    ⟦def deposit(self, amount):
        self.balance += amount⟧

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount
`,
    answer: `def deposit(self, amount):
        if amount <= 0:
            raise ValueError("the amount must be positive")
        self.balance += amount`,
    check:
      'a = Account()\na.deposit(5)\nassert a.balance == 5\nfor bad in (0, -1):\n    try:\n        a.deposit(bad)\n    except ValueError:\n        continue\n    raise AssertionError\na.withdraw(2)\nassert a.balance == 3',
  },
  {
    id: 'early return',
    instruction: 'Use an early return instead of the else.',
    file: `def sign(number):
    ⟦if number < 0:
        result = -1
    else:
        result = 1
    return result⟧
`,
    answer: `if number < 0:
        return -1
    return 1`,
    check: "assert sign(-3) == -1 and sign(0) == 1 and sign(4) == 1\nassert 'else' not in source",
  },
  {
    id: 'enumerate',
    instruction: 'Use enumerate instead of range(len(...)).',
    file: `def numbered(lines):
    out = []
    ⟦for i in range(len(lines)):
        out.append(f"{i + 1}: {lines[i]}")⟧
    return out
`,
    answer: `for i, line in enumerate(lines):
        out.append(f"{i + 1}: {line}")`,
    check:
      "assert numbered(['a', 'b']) == ['1: a', '2: b']\nassert 'enumerate' in source and 'range(' not in source",
  },
  {
    id: 'with statement',
    instruction: 'Open the file in a with statement.',
    file: `def first_line(path):
    ⟦file = open(path)
    line = file.readline()
    file.close()
    return line.strip()⟧
`,
    answer: `with open(path) as file:
        line = file.readline()
    return line.strip()`,
    check: `import re
assert re.search(r'\\bwith open\\(path', source) and '.close(' not in source
import io
closed = []
class File(io.StringIO):
    def close(self):
        closed.append(1)
        super().close()
open = lambda *_, **__: File(' one \\ntwo\\n')
assert first_line('p') == 'one' and closed`,
  },
  {
    id: 'sort descending',
    instruction: 'Sort in descending order.',
    file: `def ranking(scores):
    """Names by score."""
    ⟦return sorted(scores, key=lambda name: scores[name])⟧
`,
    answer: 'return sorted(scores, key=lambda name: scores[name], reverse=True)',
    check: "assert ranking({'a': 1, 'b': 3, 'c': 2}) == ['b', 'c', 'a']",
  },
  {
    id: 'change a constant',
    instruction: 'Wait 30 seconds instead of 10.',
    file: `RETRIES = 3
⟦TIMEOUT_SECONDS = 10⟧
DELAY_SECONDS = 10


def settings():
    return RETRIES, TIMEOUT_SECONDS, DELAY_SECONDS
`,
    answer: 'TIMEOUT_SECONDS = 30',
    check: 'assert settings() == (3, 30, 10)',
  },
  {
    id: 'add a parameter',
    instruction: 'Add a parameter unit, default "km", and append it to the text after a space.',
    file: `⟦def distance(value):
    return f"{value:.1f}"⟧


def speed(value):
    return f"{value:.1f} km/h"
`,
    answer: `def distance(value, unit="km"):
    return f"{value:.1f} {unit}"`,
    check:
      "assert distance(2) == '2.0 km'\nassert distance(2, 'mi') == '2.0 mi'\nassert speed(2) == '2.0 km/h'",
  },
  {
    id: 'handle an exception',
    instruction: 'Return None if the text is not a number.',
    file: `def parse(text):
    ⟦return float(text)⟧


def parse_all(texts):
    return [parse(text) for text in texts]
`,
    answer: `try:
        return float(text)
    except ValueError:
        return None`,
    check:
      "assert parse('1.5') == 1.5\nassert parse('x') is None\nassert parse_all(['1', '?']) == [1.0, None]",
  },
  {
    id: 'add a method',
    instruction: 'Add a method is_empty that tells whether the stack has no items.',
    file: `class Stack:
    def __init__(self):
        self.items = []

    ⟦def push(self, item):
        self.items.append(item)⟧

    def pop(self):
        return self.items.pop()
`,
    answer: `def push(self, item):
        self.items.append(item)

    def is_empty(self):
        return not self.items`,
    check:
      's = Stack()\nassert s.is_empty()\ns.push(1)\nassert not s.is_empty()\nassert s.pop() == 1 and s.is_empty()',
  },
  {
    id: 'use a set',
    instruction: 'Make seen a set instead of a list.',
    file: `def unique(values):
    result = []
    ⟦seen = []
    for value in values:
        if value not in seen:
            seen.append(value)
            result.append(value)⟧
    return result
`,
    answer: `seen = set()
    for value in values:
        if value not in seen:
            seen.add(value)
            result.append(value)`,
    check: "assert unique([1, 2, 1]) == [1, 2]\nassert 'seen.add(' in source and 'seen.append' not in source",
  },
  {
    id: 'join paths',
    instruction: 'Use os.path.join.',
    file: `import os


def cache_file(folder, name):
    ⟦return folder + "/" + name + ".json"⟧


def exists(folder, name):
    return os.path.exists(cache_file(folder, name))
`,
    answer: 'return os.path.join(folder, name + ".json")',
    check: "assert cache_file('a', 'b') == os.path.join('a', 'b.json')\nassert 'os.path.join(' in source",
  },
  {
    id: 'remove debugging',
    instruction: 'Remove the print statements.',
    file: `def average(values):
    ⟦print("values", values)
    total = sum(values)
    print("total", total)
    return total / len(values)⟧
`,
    answer: `total = sum(values)
    return total / len(values)`,
    check: "assert average([1, 2, 3]) == 2\nassert 'print' not in source",
  },
];

/** The file without marks, and where the part stands in it. */
export function placeOf({ file }: EditTask): {
  readonly text: string;
  readonly start: number;
  readonly end: number;
} {
  const start = file.indexOf('⟦');
  const end = file.indexOf('⟧') - 1;
  return { text: file.replace('⟦', '').replace('⟧', ''), start, end };
}

/** A program that comes to its end where the file is edited as it was asked for. */
export function programOf({ check }: EditTask, file: string): string {
  return `source = ${JSON.stringify(file)}\nexec(compile(source, "file", "exec"), globals())\n${check}\n`;
}
