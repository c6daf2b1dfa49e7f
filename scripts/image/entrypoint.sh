#!/bin/sh
# entrypoint.sh handlers/dump.handler: one invocation after the other, as Lambda's Runtime API hands them out.
#
# The client takes the handler from _HANDLER, which Lambda leaves empty for images, and not from its arguments.
export _HANDLER="${1:?names the handler, such as handlers/dump.handler}"
exec node /var/runtime/node_modules/aws-lambda-ric/index.mjs
