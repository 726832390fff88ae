"""What keeps the requests of schemathesis from waiting for an end that streams do not have."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    for name in ("watch", "follow"):
        if case.query and name in case.query:
            case.query.pop(name)
