import decimal
import logging
import os
import subprocess
import sys

logger = logging.getLogger("app")
rounds = 0


class OrderError(Exception):
    pass


def echo(event, context):
    return {"got": event}


def nothing(event, context):
    pass


def counts(event, context):
    global rounds
    rounds += 1
    return rounds


def numbers(event, context):
    return {"price": decimal.Decimal("1.10"), "text": "ü", "none": None}


def shape(event, context):
    left = context.get_remaining_time_in_millis()
    client = context.client_context
    return {
        "members": {name: value for name, value in vars(context).items() if isinstance(value, str)},
        "left": 0 < left <= 10_000,
        "custom": client.custom if client else None,
        "app": client.client.app_title if client and client.client else None,
        "identity": context.identity.cognito_identity_id,
    }


def raises(event, context):
    raise OrderError("out of stock")


def unserialisable(event, context):
    return {1, 2}


def leaves(event, context):
    sys.exit(event.get("code"))


def killed(event, context):
    os.kill(os.getpid(), 9)


def logs(event, context):
    print("printed")
    print("two\nlines")
    logger.warning("a warning with %s", "arguments")
    logger.info("below the level")
    try:
        raise ValueError("inner")
    except ValueError:
        logger.exception("caught")
    logger.error("extra", extra={"orderId": 7})


def surroundings(event, context):
    child = subprocess.run([sys.executable, "-c", "print(1 + 1)"], capture_output=True, text=True, check=True)
    return {"cwd": os.getcwd(), "path": sys.path[:3], "own": [name for name in os.environ if name.startswith("LAMBDA_RUN_")], "child": child.stdout.strip(), "env": os.environ["AWS_EXECUTION_ENV"]}
