rule score:
    input:
        inputs("score"),
    output:
        "results/{study}/cells/{arm}/{site}/metrics.json",
    log:
        "logs/score/{study}/{arm}/{site}.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=needs("score", "mem_mb"),
        runtime=needs("score", "runtime"),
    params:
        digest=digest("score"),
    shell:
        "python -m elsewhere score {wildcards.study} {wildcards.arm} {wildcards.site} --expect {params.digest} > {log} 2>&1"
