"""A bare relay on python-socketio: what is said goes to the other's room, and nothing is kept."""

import sys

import socketio
import uvicorn

io = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])


@io.event
async def connect(sid, _environ, auth):
    await io.enter_room(sid, auth["room"])


@io.event
async def say(_sid, message):
    await io.emit("said", message, to=message["to"])
    return message["key"]


uvicorn.run(
    socketio.ASGIApp(io), host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop",
    ws="websockets-sansio", ws_per_message_deflate=False, log_level="warning", access_log=False,
    lifespan="off",
)  # fmt: skip
