import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.components.base import message_queue

EARLY, ENDED = ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@pytest.mark.parametrize(
    ("next_run", "status"), [(["banner"], ENDED), (["board"], EARLY), (["banner", "board"], EARLY), (None, EARLY)]
)
def test_a_browser_hears_that_a_fragment_has_ended_unless_the_next_run_draws_it_again(next_run, status):
    message_queue.patch()
    queue = ForwardMsgQueue()
    message = ForwardMsg(script_finished=ENDED)
    message.metadata.run.fragment_ids.append("board")
    queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=next_run)
    assert [message.script_finished for message in queue.flush()] == [status]


def test_an_emptied_queue_stays_empty():
    message_queue.patch()
    queue = ForwardMsgQueue()
    queue.enqueue(ForwardMsg(script_finished=ENDED))
    assert len(queue.flush()) == 1
    assert len(queue) == 0
