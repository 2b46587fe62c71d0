import json
from unittest.mock import patch

from sas_platform.socle.statiques import Statiques


def test_l_adresse_d_un_fichier_porte_son_empreinte_et_ne_se_compose_qu_une_fois(tmp_path):
    manifeste = {"version": "1.1", "paths": {"css/sas.css": "css/sas.0123456789ab.css"}, "hash": ""}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifeste))
    statiques = Statiques(location=tmp_path, base_url="/static/")
    premiere = statiques.url("css/sas.css")

    with patch.object(statiques, "stored_name") as composee:
        seconde = statiques.url("css/sas.css")

    assert premiere == seconde == "/static/css/sas.0123456789ab.css"
    composee.assert_not_called()
