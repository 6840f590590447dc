// How the matrix of overlaps is cut into tiles, one per block of threads: plain arithmetic.
#pragma once

#include "cuda/launch.h"

namespace opsbridge {

constexpr int kColumnsPerThread = 4;

// Neighbouring threads write neighbouring columns, and each goes down the rows of its tile.
struct IouTiles {
  int across;       // threads side by side, a power of two
  int rows;         // of a tile
  int64_t columns;  // of a tile
  int64_t tiles_down, tiles_across;

  OPSBRIDGE_MEMBER int rows_at_once() const { return kThreadsPerBlock / across; }
};

OPSBRIDGE_FN int64_t tiles_to_cover(int64_t size, int64_t tile) {
  return size / tile + (size % tile != 0);
}

// Narrow matrices take more rows at once, so that no thread is without a column; small ones take
// lower tiles, so that there is one for every processor.
OPSBRIDGE_FN IouTiles iou_tiles(int64_t rows, int64_t width, int64_t matrices) {
  constexpr int kUsualRows = 64;
  constexpr int64_t kEnoughTiles = 512;
  IouTiles tiles;
  tiles.across = 1;
  const int64_t wanted = tiles_to_cover(width, kColumnsPerThread);
  while (tiles.across < kThreadsPerBlock &&
         (tiles.across < wanted || (tiles.across < kWarpSize && tiles.across < width))) {
    tiles.across *= 2;
  }
  tiles.columns = int64_t(tiles.across) * kColumnsPerThread;
  tiles.tiles_across = tiles_to_cover(width, tiles.columns);
  tiles.rows = kUsualRows > tiles.rows_at_once() ? kUsualRows : tiles.rows_at_once();
  tiles.tiles_down = tiles_to_cover(rows, tiles.rows);
  while (tiles.rows > tiles.rows_at_once() &&
         tiles.tiles_down * tiles.tiles_across * matrices < kEnoughTiles) {
    tiles.rows /= 2;
    tiles.tiles_down = tiles_to_cover(rows, tiles.rows);
  }
  return tiles;
}

}  // namespace opsbridge
