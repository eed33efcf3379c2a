"""A fix for Streamlit 1.67, which does not always tell the browser that a fragment's run has ended.

A run that begins before the end of the last one was sent turns "ended" into "interrupted". The browser waits for the
end before it removes what has been replaced, and so leaves it on the page. With one fragment that does no harm, as its
next run ends too. With two, such as the drawing board and the banner that follows a run every second, a cleared sheet
stays below the new one. Here the end of a fragment that the new run does not draw is sent as it was.
"""

from functools import cache, wraps

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue


@cache
def patch() -> None:
    """Patch Streamlit's queue of messages to a browser, once in this process."""
    clear = ForwardMsgQueue.clear

    @wraps(clear)
    def clear_but_ends(
        self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        ended = [message for message in self._queue if _has_ended_apart_from(message, fragment_ids_this_run or [])]
        clear(self, retain_lifecycle_msgs, fragment_ids_this_run)
        for message in ended:
            message.script_finished = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY

    ForwardMsgQueue.clear = clear_but_ends  # type: ignore[method-assign]


def _has_ended_apart_from(message: ForwardMsg, fragment_ids: list[str]) -> bool:
    """Whether it reports the end of a fragment's run while the next run is of other fragments."""
    return (
        bool(fragment_ids)
        and message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        and not set(message.metadata.run.fragment_ids) & set(fragment_ids)
    )
