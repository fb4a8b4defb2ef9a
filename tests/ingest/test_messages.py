"""Messages between processes come as they were sent."""

import pickle
from socket import socketpair
from threading import Thread
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.ingest.messages import packed, receive


def sent(*messages: Any) -> list[Any]:
    """What comes out at the other end."""
    mine, theirs = socketpair()
    with mine, theirs:
        sender = Thread(target=lambda: [mine.sendall(packed(each)) for each in messages])
        sender.start()
        received = [receive(theirs) for _ in messages]
        sender.join()
    return received


@given(st.lists(st.binary(max_size=50) | st.text() | st.none() | st.lists(st.integers())))
def test_messages_come_as_they_were_sent_and_in_order(messages: list[Any]) -> None:
    assert sent(*messages) == messages


@given(st.lists(st.integers(0, 100), max_size=5))
def test_arrays_of_any_length_come_whole(sizes: list[int]) -> None:
    arrays = [np.arange(size, dtype=np.int64) for size in sizes]
    texts = [pa.array([str(each) * each for each in range(size)]) for size in sizes]
    (received,) = sent((arrays, texts))
    assert [each.tolist() for each in received[0]] == [each.tolist() for each in arrays]
    assert received[1] == texts


def test_arrays_begin_where_arrow_wants_them() -> None:
    received: Any = sent([pa.array(["a", "bcd"]), pa.array([1, 2, 3])])
    for each in received[0]:
        assert all(buffer.address % 16 == 0 for buffer in each.buffers() if buffer is not None)


def test_a_message_is_larger_than_what_a_socket_holds() -> None:
    message = [np.zeros(3_000_000, dtype=np.uint8), b"x" * 3_000_000]
    (received,) = sent(message)
    assert received[0].nbytes == 3_000_000
    assert received[1] == message[1]


def test_the_end_within_a_message_is_no_message() -> None:
    mine, theirs = socketpair()
    with theirs:
        with mine:
            mine.sendall(packed("text")[:-1])
        with pytest.raises(EOFError):
            receive(theirs)


def test_what_cannot_be_pickled_is_told_before_anything_is_sent() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        packed(lambda: None)
