"""The tests of the bot, as its author would write them."""

import threading

import anthropic
import pytest
from bot import Bot, NoReply

BUSY = {"type": "model_overloaded_error", "message": "Busy.", "retry_status": {"type": "retrying"}}
BROKE = {"type": "billing_error", "message": "No credit.", "retry_status": {"type": "terminal"}}


def error(of):
    return {"event": {"type": "session.error", "error": of}}


def stop(reason, **details):
    return {"idle": {"stop_reason": {"type": reason, **details}}}


def order(number):
    if number != 7:
        raise KeyError(number)
    return "on its way"


@pytest.fixture
def asked():
    """Return the calls that the person was asked about."""
    return []


@pytest.fixture
def bot(client, asked):
    """Return the bot. Its person allows everything but `rm`."""
    environment = client.beta.environments.create(name="bot")

    def may_call(name, given):
        asked.append(name)
        return given.get("command") != "rm"

    return Bot(client, environment.id, {"order": order}, may_call)


def test_a_chat_goes_on_with_the_same_session(ant_emulator, bot, client):
    ant_emulator.script([{"message": "Hello."}, "idle", "thinking", {"message": "Bye."}])
    assert [bot.reply("anna", "Hi."), bot.reply("anna", "Thanks.")] == ["Hello.", "Bye."]
    (session,) = client.beta.sessions.list()
    assert (session.title, session.agent.name) == ("anna", "support")


def test_chats_are_separate_and_one_without_a_script_is_answered(ant_emulator, bot):
    ant_emulator.script([{"message": "Hello."}])
    assert [bot.reply("anna", "Hi."), bot.reply("ben", "Hi.")] == ["Hello.", "Done."]


def test_the_result_of_a_tool_reaches_the_agent(ant_emulator, bot):
    call = {"custom_tool": "order", "input": {"number": 7}, "expect": {"text": "on its way"}}
    ant_emulator.script([call, {"message": "It is on its way."}])
    assert bot.reply("anna", "Where is order 7?") == "It is on its way."


def test_a_tool_that_fails_is_an_error_for_the_agent_and_not_for_the_chat(ant_emulator, bot):
    failed = {"is_error": True, "contains": "KeyError"}
    call = {"custom_tool": "order", "input": {"number": 8}, "expect": failed}
    ant_emulator.script([call, {"message": "There is no such order."}])
    assert bot.reply("anna", "Where is order 8?") == "There is no such order."


def test_several_calls_at_once_are_all_answered(ant_emulator, bot, asked):
    calls = [
        {"custom_tool": "order", "input": {"number": 7}},
        {"tool": "bash", "input": {"command": "ls"}, "evaluated_permission": "ask", "result": "a"},
        {"tool": "bash", "input": {"command": "rm"}, "evaluated_permission": "ask", "result": "b"},
    ]
    ant_emulator.script([{"tools": calls}, {"message": "All done."}])
    assert bot.reply("anna", "Do it all.") == "All done."
    assert asked == ["bash", "bash"]


def test_a_person_is_asked_about_a_call_of_an_mcp_server(ant_emulator, bot, asked):
    call = {
        "type": "agent.mcp_tool_use",
        "id": "call_1",
        "name": "refund",
        "input": {},
        "mcp_server_name": "shop",
        "evaluated_permission": "ask",
        "evaluation": {"type": "always_ask"},
    }
    waits = stop("requires_action", event_ids=["call_1"])
    ant_emulator.script([{"event": call}, waits, {"message": "Refunded."}])
    assert bot.reply("anna", "Refund it.") == "Refunded."
    assert asked == ["refund"]


def test_an_error_that_the_api_retries_is_not_shown(ant_emulator, bot):
    again = {"event": {"type": "session.status_rescheduled"}}
    ant_emulator.script([error(BUSY), again, {"message": "Hello."}])
    assert bot.reply("anna", "Hi.") == "Hello."


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([error(BROKE), "terminate"], "No credit."),
        ([{"message": "He"}, stop("budget_reached")], "budget_reached"),
        ([stop("retries_exhausted")], "retries_exhausted"),
        ([stop("refusal")], "refusal"),
        (["terminate"], "the session has ended"),
    ],
)
def test_a_turn_that_ends_early_is_no_reply(ant_emulator, bot, steps, why):
    ant_emulator.script(steps)
    with pytest.raises(NoReply, match=why):
        bot.reply("anna", "Hi.")


def test_after_the_end_of_its_session_a_chat_begins_again(ant_emulator, bot):
    ant_emulator.script(["terminate"])
    with pytest.raises(NoReply):
        bot.reply("anna", "Hi.")
    assert bot.reply("anna", "Hi.") == "Done."


def test_an_interrupt_ends_the_turn_and_the_next_message_begins_another(ant_emulator, bot):
    ant_emulator.script([{"wait": "9m"}, {"message": "Late."}, "idle", {"message": "Yes?"}])
    replies = []
    chat = threading.Thread(target=lambda: replies.append(bot.reply("anna", "Think.")))
    chat.start()
    while not any(each["path"].endswith("/stream") for each in ant_emulator.requests()):
        pass  # the journal has the stream when it is open
    while not any(each["path"].endswith("/events") for each in ant_emulator.requests()):
        pass
    bot.interrupt("anna")
    chat.join()
    assert replies == [""]
    assert bot.reply("anna", "Hi.") == "Yes?"


@pytest.mark.parametrize("fault", [{"cut_after_events": 3}, {"error_after_events": 3}])
def test_a_stream_that_breaks_is_opened_again_and_nothing_is_lost(ant_emulator, bot, fault):
    ant_emulator.script([{"message": "One, "}, {"message": "two, "}, {"message": "three."}])
    ant_emulator.fault(path_contains="/events/stream", **fault)
    assert bot.reply("anna", "Count.") == "One, two, three."


def test_a_busy_api_is_asked_again(ant_emulator, bot):
    ant_emulator.fault(path="/v1/sessions", method="POST", status=529, headers=["retry-after: 0"])
    assert bot.reply("anna", "Hi.") == "Done."


def test_a_chat_that_was_ended_is_gone(bot, client):
    bot.reply("anna", "Hi.")
    (session,) = client.beta.sessions.list()
    bot.end("anna")
    with pytest.raises(anthropic.NotFoundError):
        client.beta.sessions.retrieve(session.id)


@pytest.mark.ant_emulator(strict_streams=True)
def test_the_bot_misses_nothing_with_strict_streams(ant_emulator, bot):
    ant_emulator.script([{"message": "Hello."}])
    assert bot.reply("anna", "Hi.") == "Hello."
