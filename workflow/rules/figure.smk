rule figure:
    input:
        inputs("figure"),
    output:
        "results/{study}/matrix.csv",
        report(
            "results/{study}/report.html",
            caption="../report/matrix.rst",
            category="Generalization matrix",
        ),
    log:
        "logs/figure/{study}.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=needs("figure", "mem_mb"),
        runtime=needs("figure", "runtime"),
    params:
        digest=digest("figure"),
    shell:
        "python -m elsewhere figure {wildcards.study} --expect {params.digest} > {log} 2>&1"
