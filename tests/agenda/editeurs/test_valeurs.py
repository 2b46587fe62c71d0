from agenda.editeurs.valeurs import borner


def test_un_texte_borne_tient_sur_une_ligne_sans_signe_invisible():
    assert borner("a\u202eb\u0000\n\tc   d", 6) == "a b c"
