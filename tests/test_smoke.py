def test_create(ant):
    result = ant("beta:environments", "create", "--name", "n", replies=[{"id": "env_1"}])
    assert result.body == {"name": "n"} and result.json == {"id": "env_1"}
    assert result.stderr == ""
def test_help(ant):
    assert "create" in ant("--help").stdout
