# A rule for each study, for each has other sites; a checkpoint, for only now is known which of them
# have other groups than before, and must be split again.
for STUDY in PARAMS.run:

    checkpoint:
        name:
            f"audit_{STUDY}"
        input:
            inputs("audit"),
        output:
            "results/{study}/audit/pairs.csv",
            "results/{study}/audit/audit.json",
            expand("results/{{study}}/audit/{site}.groups.csv", site=sites(STUDY)),
        log:
            "logs/audit/{study}.log",
        wildcard_constraints:
            study=STUDY,
        conda:
            "../../envs/figures.yaml"
        resources:
            mem_mb=needs("audit", "mem_mb"),
            runtime=needs("audit", "runtime"),
        params:
            digest=digest("audit"),
        shell:
            "python -m elsewhere audit {wildcards.study} --expect {params.digest} > {log} 2>&1"
