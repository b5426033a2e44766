"""Results, errors and log calls of the unusual kind."""
import collections
import datetime
import decimal
import enum
import logging

Point = collections.namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


RESULTS = {
    "point": lambda: {"at": Point(1, Point(2, 3))},
    "bytes": lambda: {"inside": b"text", b"key": 1},
    "raw": lambda: b"not json",
    "date": lambda: {"at": datetime.datetime(2026, 1, 1)},
    "enum": lambda: Colour.RED,
    "keys": lambda: {None: "n", 1.5: "f", False: "b", 1: "i"},
    "tuple key": lambda: {(1, 2): "a"},
    "nan": lambda: [float("nan"), float("inf"), decimal.Decimal("NaN"), decimal.Decimal("Infinity")],
    "big": lambda: 2**70,
    "function": lambda: print,
    "generator": lambda: (one for one in [1]),
    "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
}


def ring():
    made = []
    made.append(made)
    return made


RESULTS["cycle"] = ring


def answers(event, context):
    return RESULTS[event]()


class Silent(Exception):
    def __str__(self):
        return ""


def raises(event, context):
    if event == "silent":
        raise Silent()
    if event == "base":
        raise BaseException("not an Exception")
    if event == "key":
        return {}["missing"]
    try:
        raise ValueError("first")
    except ValueError as error:
        raise RuntimeError("second\nline") from error


def logs(event, context):
    logger = logging.getLogger("app")
    logger.setLevel(1)
    logger.warning({"an": "object", "set": {1}})
    logger.log(35, "between levels")
    logger.info("no level filters %d", 1)
    logger.error("stack", stack_info=False, extra={"orderId": {2}, "none": None})
    context.log("by context")


def formats(event, context):
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logging.Formatter("own %(aws_request_id)s %(message)s"))
    logging.warning("one")
    logging.warning("two")


def no_arguments():
    return 1
