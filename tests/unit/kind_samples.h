// How files of many kinds begin, under a name that fits or misleads, and what they are.
#ifndef CLG_TESTS_KIND_SAMPLES_H
#define CLG_TESTS_KIND_SAMPLES_H

#include "data/kind.h"

// clang-format off
#define BYTES(text) text, sizeof(text) - 1
static const struct {
    const char *bytes;
    size_t n;
    enum clg_kind kind;
    const char *name;
} samples[] = {
    {BYTES(""), CLG_KIND_EMPTY, "x.jpg"},
    {BYTES("\xff\xd8\xff\xe0\0\x10JFIF"), CLG_KIND_JPEG, "x.png"},
    {BYTES("\xff\xd8\xff\xdb"), CLG_KIND_JPEG, "x"},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), CLG_KIND_PNG, "x.bmp"},
    {BYTES("RIFF\x20\0\0\0WEBPVP8 "), CLG_KIND_WEBP, "x.jpg"},
    {BYTES("RIFF\x20\0\0\0AVI LIST"), CLG_KIND_VIDEO, "x.avi"},
    {BYTES("RIFF\x20\0\0\0WAVEfmt "), CLG_KIND_UNKNOWN, "x.wav"},
    {BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), CLG_KIND_BMP, "x.jpg"},
    {BYTES("BMW cars, a list\n1,2,3\n"), CLG_KIND_TEXT, "x.csv"},
    {BYTES("GIF89a\1\0\1\0"), CLG_KIND_GIF, "x.gif"},
    {BYTES("II*\0\x08\0\0\0\0\0\0\0"), CLG_KIND_TIFF, "x.tif"},
    {BYTES("MM\0*\0\0\0\x08"), CLG_KIND_TIFF, "x"},
    {BYTES("MM\0*\0\0\0\x08"), CLG_KIND_RAW, "x.NEF"},
    {BYTES("II*\0\x10\0\0\0CR\2\0"), CLG_KIND_RAW, "x.cr2"},
    {BYTES("II*\0\x10\0\0\0CR\2\0"), CLG_KIND_RAW, "x.jpg"},
    {BYTES("\0\0\0\x18"
           "ftypheic\0\0\0\0mif1heic"),
     CLG_KIND_HEIC, "x.jpg"},
    {BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1heic"),
     CLG_KIND_HEIC, "x.heif"},
    {BYTES("\0\0\0\x1c"
           "ftypmif1\0\0\0\0avifmif1miaf"),
     CLG_KIND_AVIF, "x.avif"},
    {BYTES("\0\0\0\x18"
           "ftypcrx \0\0\0\1crx isom"),
     CLG_KIND_RAW, "x.cr3"},
    {BYTES("\0\0\0\x18"
           "ftypisom\0\0\2\0isommp41"),
     CLG_KIND_VIDEO, "x.mp4"},
    {BYTES("\0\0\0\x14"
           "ftypqt  \0\0\0\0qt  "),
     CLG_KIND_VIDEO, "x.mov"},
    {BYTES("\0\0\0\x14"
           "ftypM4A \0\0\0\0M4A "),
     CLG_KIND_UNKNOWN, "x.m4a"},
    {BYTES("\xff\xff\xff\xff"
           "ftypheic"),
     CLG_KIND_HEIC, "x"},
    {BYTES("\0\0\0\x0cJXL \r\n\x87\n"), CLG_KIND_JXL, "x.jxl"},
    {BYTES("\0\0\0\x0cjP  \r\n\x87\n"), CLG_KIND_JP2, "x.jp2"},
    {BYTES("8BPS\0\1"), CLG_KIND_PSD, "x.psd"},
    {BYTES("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0"), CLG_KIND_ICO, "x.ico"},
    {BYTES("P6\n# by hand\n2 2\n255\n"), CLG_KIND_PNM, "x.ppm"},
    {BYTES("P.S. this is a letter"), CLG_KIND_TEXT, "x.txt"},
    {BYTES("%PDF-1.7\n"), CLG_KIND_PDF, "x.pdf"},
    {BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), CLG_KIND_SVG, "x.svg"},
    {BYTES("\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>"), CLG_KIND_SVG, "x.jpg"},
    {BYTES("<?xml version='1.0'?><annotation/>"), CLG_KIND_XML, "x.xml"},
    {BYTES("\r\n <!DOCTYPE HTML><title>404</title>"), CLG_KIND_HTML, "x.jpg"},
    {BYTES("<HTML><body><svg/></body>"), CLG_KIND_HTML, "x.png"},
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), CLG_KIND_LFS, "x.jpg"},
    {BYTES("/annex/objects/SHA256E-s3--0.jpg\n"), CLG_KIND_ANNEX, "x.jpg"},
    {BYTES("PK\3\4\x14\0"), CLG_KIND_ZIP, "x.zip"},
    {BYTES("PK\3\4\x14\0"), CLG_KIND_NPZ, "x.npz"},
    {BYTES("PK\3\4\x14\0"), CLG_KIND_TORCH, "x.pth"},
    {BYTES("\x1f\x8b\x08"), CLG_KIND_GZIP, "x.tar.gz"},
    {BYTES("BZh91AY&SY"), CLG_KIND_BZIP2, "x.tbz2"},
    {BYTES("\xfd\x37zXZ\0"), CLG_KIND_XZ, "x.xz"},
    {BYTES("7z\xbc\xaf\x27\x1c"), CLG_KIND_7Z, "x.7z"},
    {BYTES("Rar!\x1a\x07\1\0"), CLG_KIND_RAR, "x.rar"},
    {BYTES("\x1a\x45\xdf\xa3\x01"), CLG_KIND_VIDEO, "x.webm"},
    {BYTES("\x93NUMPY\1\0"), CLG_KIND_NPY, "x.npy"},
    {BYTES("\x89HDF\r\n\x1a\n"), CLG_KIND_HDF5, "x.h5"},
    {BYTES("\x80\2}q\1"), CLG_KIND_PICKLE, "data_batch_1"},
    {BYTES("\x10\0\0\0\0\0\0\0{\"a\":{}}"), CLG_KIND_SAFETENSORS, "x.safetensors"},
    {BYTES("\0\0\0\0\0\0\0\0\0\0"), CLG_KIND_ZEROS, "x.jpg"},
    {BYTES("hello"), CLG_KIND_TEXT, "x.jpg"},
    {BYTES("\1\2\3\4"), CLG_KIND_UNKNOWN, "x"},
    {BYTES("\0\1\1\0\0\0\1\x18"), CLG_KIND_TGA, "x.tga"},
};
// clang-format on

#endif
