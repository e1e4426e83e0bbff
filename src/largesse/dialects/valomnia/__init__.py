"""Valomnia's web services: which customer groups get which promotion lists."""
