"""Encodings that no file declares: read where the text plainly fits one, refused where it does not; never mojibake."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.encodings import NotTextError, decode

CODE = """#include <stdio.h>
/* {0} */
int main(int argc, char **argv) {{
    // {1}
    for (int i = 0; i < argc; i++) puts(argv[i]);  /* {2} */
    return 0;
}}
"""
COMMENTS = {
    "ja": (
        "コマンドライン引数をすべて表示するプログラムです",
        "引数の数だけ繰り返します。最後に改行を出力する",
        "一行に一つずつ表示",
    ),
    "zh": (
        "这个程序输出所有的命令行参数，每行一个",
        "循环次数等于参数的个数，如果没有参数就只输出程序名",
        "打印当前参数的内容",
    ),
    "zh-tw": (
        "這個程式會輸出所有的命令列參數，每行一個",
        "迴圈次數等於參數的個數，如果沒有參數就只輸出程式名稱",
        "印出目前參數的內容",
    ),
    "ko": (
        "모든 명령줄 인수를 한 줄에 하나씩 출력하는 프로그램입니다",
        "인수의 개수만큼 반복합니다",
        "현재 인수를 출력",
    ),
    "ru": (
        "Программа печатает все аргументы командной строки, по одному в строке",
        "Цикл выполняется столько раз, сколько передано аргументов",
        "вывод очередного аргумента",
    ),
    "uk": (
        "Програма друкує всі аргументи командного рядка, по одному в рядку",
        "Цикл виконується стільки разів, скільки є аргументів",
        "вивід чергового аргументу",
    ),
    "el": (
        "Το πρόγραμμα τυπώνει όλα τα ορίσματα της γραμμής εντολών, ένα σε κάθε γραμμή",
        "Ο βρόχος εκτελείται τόσες φορές όσα είναι τα ορίσματα",
        "εκτύπωση του επόμενου ορίσματος",
    ),
    "pl": ("Program wypisuje wszystkie argumenty, każdy w osobnej linii", "Pętla wykonuje się dla każdego", "następny"),
    "cs": ("Program vypíše všechny argumenty příkazového řádku", "Smyčka proběhne pro každý argument zvlášť", "výpis"),
    "tr": (
        "Program bütün komut satırı değişkenlerini yazdırır",
        "Döngü her değişken için çalışır",
        "sıradakini göster",
    ),
    "de": (
        "Das Programm gibt alle Argumente aus, für jede Zeile eines",
        "Größe prüfen, überflüssige löschen",
        "nächstes",
    ),
    "fr": (
        "Le programme affiche tous les arguments passés à la commande",
        "La boucle s'exécute à chaque fois",
        "suivant",
    ),
    "es": ("El programa muestra todos los parámetros, uno por línea", "El tamaño se calcula según los años", "¿listo?"),
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *(("ja", name) for name in ("shift_jis", "euc_jp")),
        *(("zh", name) for name in ("gb18030", "gbk", "gb2312")),
        ("zh-tw", "big5"),
        ("ko", "euc_kr"),
        *(("ru", name) for name in ("koi8-r", "cp1251", "cp866", "iso8859-5")),
        *(("uk", name) for name in ("koi8-u", "cp1251")),
        *(("el", name) for name in ("cp1253", "iso8859-7")),
        ("pl", "cp1250"),
        ("cs", "cp1250"),
        ("tr", "cp1254"),
        *((language, name) for language in ("de", "fr", "es") for name in ("cp1252", "latin-1")),
    ],
)
def test_a_source_file_in_an_old_encoding_is_read_as_it_was_written(language: str, encoding: str) -> None:
    text = CODE.format(*COMMENTS[language])
    assert decode(text.encode(encoding), "main.c", detect=True).text == text


@pytest.mark.parametrize(
    ("language", "encoding"), [("ja", "shift_jis"), ("zh", "gbk"), ("ko", "euc_kr"), ("ru", "koi8-r"), ("pl", "cp1250")]
)
def test_without_detection_such_a_file_is_no_text(language: str, encoding: str) -> None:
    with pytest.raises(NotTextError):
        decode(CODE.format(*COMMENTS[language]).encode(encoding), "main.c")


def test_how_a_text_was_read_is_said() -> None:
    assert decode(CODE.format(*COMMENTS["ru"]).encode("cp1251"), "a.c", detect=True).encoding == "cp1251 as detected"
    assert decode(CODE.format(*COMMENTS["ru"]).encode(), "a.c", detect=True).encoding == "utf-8"


def test_bytes_that_are_no_text_stay_none() -> None:
    rng = random.Random(1)
    for size in (50, 500, 5000):
        for low, high in ((0, 255), (32, 255), (128, 255), (160, 255)):
            for _ in range(10):
                with pytest.raises(NotTextError):
                    decode(bytes(rng.randint(low, high) for _ in range(size)), "a.c", detect=True)


def test_broken_utf8_is_not_taken_for_another_encoding() -> None:
    for language, comments in COMMENTS.items():
        data = CODE.format(*comments).encode()
        with pytest.raises(NotTextError):
            decode(data.replace(b"return", b"return \xff"), f"{language}.c", detect=True)


@pytest.mark.parametrize(
    ("comment", "encoding"), [("код", "cp1251"), ("да", "koi8-r"), ("中文", "gbk"), ("日本", "euc_jp")]
)
def test_a_few_characters_are_too_few(comment: str, encoding: str) -> None:
    with pytest.raises(NotTextError):
        decode(f"x = 1  # {comment}\n".encode(encoding), "a.c", detect=True)


@given(st.sampled_from(sorted(COMMENTS)), st.text(alphabet="abc {}();\n", max_size=200), st.integers(0, 200))
def test_the_code_around_changes_nothing(language: str, code: str, place: int) -> None:
    encodings = {"ja": "shift_jis", "zh": "gb18030", "zh-tw": "big5", "ko": "euc_kr", "ru": "koi8-r", "uk": "cp1251"}
    encoding = encodings.get(language)
    if encoding is None:
        return
    text = f"{code[:place]}\n// {COMMENTS[language][0]}\n{code[place:]}"
    assert decode(text.encode(encoding), "a.c", detect=True).text == text
