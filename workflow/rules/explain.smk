rule explain:
    input:
        inputs("explain"),
    output:
        "results/{study}/explained/{arm}/explained.json",
        "results/{study}/explained/{arm}/gallery.parquet",
        "results/{study}/explained/{arm}/embeddings.parquet",
    log:
        "logs/explain/{study}/{arm}.log",
    conda:
        "../../envs/torch.yaml"
    threads: needs("explain", "threads")
    resources:
        gpu=needs("explain", "gpu"),
        mem_mb=needs("explain", "mem_mb"),
        runtime=needs("explain", "runtime"),
    params:
        digest=digest("explain"),
    shell:
        "python -m elsewhere.drivers.gpu_slot {resources.gpu} python -m elsewhere explain {wildcards.study} {wildcards.arm} --expect {params.digest} > {log} 2>&1"
