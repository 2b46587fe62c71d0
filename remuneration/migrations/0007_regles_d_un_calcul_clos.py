"""Un calcul clos garde ses règles : la table de liaison n’a pas de modèle où poser un déclencheur."""

from django.db import migrations

POSER = """
CREATE FUNCTION remuneration_regles_d_un_calcul_clos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM remuneration_calcul WHERE etape = 'clos' AND id IN (
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.calcul_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.calcul_id END
        )
    ) THEN
        RAISE EXCEPTION 'Ce calcul est clos : il garde ses règles.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER regles_d_un_calcul_clos BEFORE INSERT OR UPDATE OR DELETE ON remuneration_calcul_regles
    FOR EACH ROW EXECUTE FUNCTION remuneration_regles_d_un_calcul_clos();
"""
OTER = """
DROP TRIGGER regles_d_un_calcul_clos ON remuneration_calcul_regles;
DROP FUNCTION remuneration_regles_d_un_calcul_clos();
"""


class Migration(migrations.Migration):
    dependencies = [("remuneration", "0006_colonnes_des_fichiers")]

    operations = [migrations.RunSQL(POSER, OTER)]
