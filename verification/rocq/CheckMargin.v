(* Certificates of kind "margin": what is checked, and that it suffices for more classes and more layers where they are
   claimed. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model ModelLoss Norm Structure Integer Factors.
From Dufm Require Import Network Centring MarginBound MarginDnc MarginSum MarginDepth.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

(* the rival, K, whether more classes and more layers are claimed, and H_1, W_1, ..., W_L *)
Record margin := Margin { against : rival; mK : nat; classes : bool; layers : bool; mfactors : factors }.
Definition depth_of (c : margin) : nat := (size (middle (mfactors c))).+1.

(* the margins Z_kk - Z_jk of an output given by columns, the least of them, and all at once *)
Definition zmargin (C : rows) k j : Z := Z.sub (entry C k k) (entry C k j).
Definition zleast K (C : rows) : Z :=
  foldr (fun k x => foldr (fun j x => if j == k then x else Z.min x (zmargin C k j)) x (iota 0 K)) (zmargin C 0 1) (iota 0 K).
Definition all_margins K (C : rows) (m : Z) : bool :=
  all (fun k => all (fun j => (j == k) || Z.leb m (zmargin C k j)) (iota 0 K)) (iota 0 K).
(* the squares of the sums of w columns of K entries *)
Definition zsums K w (V : rows) : Z := zsq (zmul [:: nseq K (Zpos xH)] (zcolumns w V)).

Definition check_margin (c : margin) : bool :=
  let: Margin r K cls lay f := c in
  let D := size (middle f) in
  let e := Z.of_nat (each r K) in
  let C := zoutput K f in
  let m := zleast K C in
  let m2 := Z.mul m m in
  let P := zprod (zsq (first f).2 :: [seq zsq w.2 | w <- middle f]) in
  let v := zsq (final f).2 in
  let N := Z.mul (zpow e D.+1) m2 in
  [&& (1 < K)%N, (0 < D)%N, fits K f, Z.ltb 0 m & all_margins K C m] &&
  [&& Z.ltb (Z.mul P (Z.sub (Z.mul (Z.of_nat K) v) (zsums K (width f) (final f).2)))
        (Z.mul N (Z.mul (Z.of_nat K.-1) (Z.of_nat K))),
      cls ==> all (fun k => Z.leb m (entry C k k)) (iota 0 K) && Z.leb (Z.mul P v) (Z.mul N e) &
      lay ==> has (fun w => size w.2 <= each r K)%N (middle f)].

Local Open Scope ring_scope.

Lemma cheap_more (R : rcfType) r (K0 K : nat) (p v t N : R) : (1 < K0)%N -> (K0 <= K)%N ->
  p * (K0%:R * v - t) < N * (K0.-1%:R * K0%:R) -> ((K0 < K)%N -> p * v <= N * (each r K0)%:R) ->
  p * (v - K%:R^-1 * t) * (each r K)%:R < N * (each r K0)%:R * (K%:R - 1).
Proof.
move=> K02 KK own more; have Kp : 0 < K%:R :> R by rewrite ltr0n (leq_trans _ KK) // ltnW.
have K1p : 0 < K%:R - 1 :> R by rewrite subr_gt0 ltr1n (leq_trans K02).
have pE k : (0 < k)%N -> k.-1%:R = k%:R - 1 :> R by move=> k0; rewrite -subn1 natrB //.
have {}more : (K%:R - K0%:R) * (p * v) <= (K%:R - K0%:R) * (N * (each r K0)%:R).
  move: KK; rewrite leq_eqVlt => /orP [/eqP ->|h]; first by rewrite subrr !mul0r.
  by apply: ler_wpmul2l (more h); rewrite subr_ge0 ler_nat ltnW.
have h := ltr_le_add own more; rewrite -(ltr_pmul2r Kp).
have -> : p * (v - K%:R^-1 * t) * (each r K)%:R * K%:R = (p * (K0%:R * v - t) + (K%:R - K0%:R) * (p * v)) * (each r K)%:R.
  by field; rewrite gt_eqF.
have ep : 0 < (each r K)%:R :> R by rewrite ltr0n; case: (r); rewrite /= ?(leq_trans _ KK) ?(ltnW K02) // -subn1 subn_gt0 (leq_trans K02).
move: h; rewrite -(ltr_pmul2r ep) => h; apply: lt_le_trans h _; apply: eqW.
by case: r ep {more} => /= _; rewrite !pE ?(ltnW K02) // ?(leq_trans (ltnW K02) KK) //; ring.
Qed.

Lemma all_iota K (p : nat -> bool) : all p (iota 0 K) -> forall i : 'I_K, p i.
Proof. by move=> /allP h i; apply: h; rewrite mem_iota add0n ltn_ord. Qed.

Theorem check_margin_sound (c : margin) : check_margin c -> forall K L,
  (if classes c then mK c <= K else K == mK c)%N -> (if layers c then depth_of c <= L else L == depth_of c)%N ->
  margins_win (@collapsed (against c)) K L (width (mfactors c) + (K - mK c)).
Proof.
case: c => r K0 cls lay f; rewrite /depth_of /= => /andP [].
case/and5P => K02 Dp ok mpos mar /and3P [own cl la] K L hK hL.
set D := size (middle f) in Dp own cl la hL *; set C := zoutput K0 f in mpos mar own cl.
have KK : (K0 <= K)%N by move: hK; case: ifP => // _ /eqP ->.
have LL : (D.+1 <= L)%N by move: hL; case: ifP => // _ /eqP ->.
have [k EL] : exists k, L = (D + k).+1 by exists (L - D.+1)%N; rewrite -addSn subnKC.
apply: wins => //; first by rewrite EL !ltnS (leq_trans Dp) ?leq_addr.
move=> R; set w := width f; set m := zleast K0 C in mpos mar own cl.
have mp := zR_lt R mpos; rewrite zR0 in mp.
pose X := fX R K0 f; pose W := fW R f; pose V := (zR R (denominator f) / zR R m) *: fV R K0 f.
pose e : R := (each r K0)%:R; pose Q := \prod_(l < D) sqnorm (W l).
have [W' [q [feat prod q0 qe]]] : exists W' q, [/\ feature (d := fun=> w) W' X (D + k) = feature (d := fun=> w) W X D,
  \prod_(l < D + k) sqnorm (W' l) = q * Q, 0 <= q & q <= e ^+ k].
  case: lay la hL => /= la hL; last first.
    have -> : k = 0%N by move: hL; rewrite EL eqSS -[X in _ == X]addn0 eqn_add2l => /eqP.
    by exists W, 1; rewrite addn0 mul1r ler01 expr0.
  case/(has_nthP nolayer): la => i iD small; set q := size (nth nolayer (middle f) i).2 in small.
  have qw : (q <= w)%N by apply: getl_size.
  have fixed : pid_mx q *m feature (d := fun=> w) W X i.+1 = feature (d := fun=> w) W X i.+1.
    have rows (A : 'M[R]_(w, K0)) : (forall (a : 'I_w) b, (q <= a)%N -> A a b = 0) -> pid_mx q *m A = A.
      move=> h; apply/matrixP => a b; rewrite mxE (bigD1 a) //= mxE eqxx /= big1 => [|l la].
        by case: (ltnP a q) => [_|/h ->]; rewrite ?mul1r ?mul0r addr0.
      by rewrite mxE eq_sym -val_eqE /= in la *; rewrite (negbTE la) mul0r.
    apply: rows => a b qa; rewrite /= mxE; apply: max_l; rewrite mxE big1 ?lexx // => l _.
    rewrite /W /fW /over !mxE /entry (@nth_default _ [::]) ?nth_nil ?mulr0 ?mul0r //.
  have [W' [f1 f2 _]] := @depth R K0 w q i.+1 X isT qw W D k iD fixed.
  exists W', (q%:R ^+ k); rewrite f1 f2 exprn_ge0 ?ler0n //; split=> //.
  by rewrite ler_expn2r ?nnegrE ?ler0n // ler_nat.
exists X, W', V; rewrite EL /relu_features /= feat; set O := V *m _.
have OE : O = (zR R m)^-1 *: mxc R K0 K0 C.
  rewrite /O /V -scalemxAl output_over // scalerA mulrAC divff ?mul1r //.
  by rewrite gt_eqF // (den_gt0 R ok).
have Oij i j : O i j = zR R (entry C j i) / zR R m by rewrite OE !mxE mulrC.
split.
- move=> i j ji; rewrite !Oij -mulrBl ler_pdivl_mulr // mul1r -zRB; apply: zR_le.
  have := all_iota (all_iota mar i) j; rewrite /= (_ : (j == i :> nat) = false) //.
  by apply/negbTE; rewrite -val_eqE in ji.
- move=> K0K i; rewrite Oij ler_pdivl_mulr // mul1r; apply: zR_le.
  have : cls by case: cls hK {cl} => // /eqP E; rewrite E ltnn in K0K.
  by move: cl => /implyP h /h /andP [/all_iota].
have sumsE : sums (fV R K0 f) = zR R (zsums K0 w (final f).2) / zR R (final f).1 ^+ 2.
  have [_ _ sf rf] := sizes ok; rewrite /sums /fV /over -scalemxAr sqZ exprVn mulrC; congr (_ / _).
  have -> : (const_mx 1 : 'M[R]_(1, K0)) = mx R 1 K0 [:: nseq K0 (Zpos xH)].
    by apply/matrixP => i j; rewrite !mxE ord1 /entry /= nth_nseq ltn_ord.
  rewrite -(@mxc_columns R K0 w) -mxc_mul /= ?size_nseq ?leqnn // mxcT sq_tr (@mx_sq R w 1) //.
    by rewrite size_map size_mkseq.
  by apply/allP => x /mapP [y _ ->].
have sumsV : sums V = (zR R (denominator f) / zR R m) ^+ 2 * sums (fV R K0 f) by rewrite /sums /V -scalemxAr sqZ.
have K0r : 0 < K0%:R :> R by rewrite ltr0n ltnW.
have Kr : 0 < K%:R :> R by rewrite (lt_le_trans K0r) // ler_nat.
have beta0 : 0 <= sqnorm V - K%:R^-1 * sums V.
  rewrite (@le_trans _ _ (sqnorm V - K0%:R^-1 * sums V)) //; first by rewrite -sq_readout ?sq_ge0 // (ltnW K02).
  by rewrite ler_add2l ler_opp2 ler_wpmul2r ?sq_ge0 // lef_pinv ?posrE // ler_nat.
rewrite prod; set P := sqnorm X * Q.
have [d1 d2 d3] := dens R ok.
pose z := zR R (zsq (first f).2) * zR R (zprod [seq zsq w.2 | w <- middle f]).
have PE : P = z / (zR R (first f).1 * \prod_(l < D) zR R (nth nolayer (middle f) l).1) ^+ 2.
  rewrite /P /Q /X sq_fX // (eq_bigr _ (fun (l : 'I_D) _ => sq_fW R ok l)) prodf_div prodrXl.
  by rewrite /z zR_prod big_map (big_nth nolayer) big_mkord exprMn mulf_div.
pose p := z / zR R m ^+ 2; pose v := zR R (zsq (final f).2); pose t := zR R (zsums K0 w (final f).2).
have total : P * (sqnorm V - K%:R^-1 * sums V) = p * (v - K%:R^-1 * t).
  rewrite PE sumsV sumsE /V sqZ sq_fV // -/v -/t denE /p -/D.
  have wp : 0 < \prod_(l < D) zR R (nth nolayer (middle f) l).1 by rewrite prodr_gt0.
  move: (\prod_(l < D) _) wp (zR R (first f).1) d1 (zR R (final f).1) d3 (K%:R^-1) (zR R m) mp => a ap b bp c cp k' m' m'p.
  by field; rewrite !gt_eqF.
have e0 : 0 < e by rewrite ltr0n; case: (r); rewrite /= ?(ltnW K02) // -subn1 subn_gt0.
have Kp : 0 < K%:R - 1 :> R by rewrite subr_gt0 ltr1n (leq_trans K02).
have small : p * (v - K%:R^-1 * t) * (each r K)%:R < e ^+ D.+1 * e * (K%:R - 1).
  have m2 : 0 < zR R m ^+ 2 by rewrite exprn_gt0.
  apply: (cheap_more (K0 := K0)) => //.
    have := zR_lt R own; rewrite !(zRM, zRB, zR_pow, zR_nat) -/v -/t -/e -/z => h.
    by rewrite /p mulrAC ltr_pdivr_mulr //; apply: lt_le_trans h (eqW _); rewrite exprS; ring.
  move=> K0K; have : cls by case: cls hK {cl} => // /eqP E; rewrite E ltnn in K0K.
  move: cl => /implyP h /h /andP [_ /(zR_le R)]; rewrite !(zRM, zR_pow, zR_nat) -/v -/e -/z => h'.
  by rewrite /p mulrAC ler_pdivr_mulr //; apply: le_trans h' (eqW _); rewrite exprS; ring.
have -> : sqnorm X * (q * Q) * (sqnorm V - K%:R^-1 * sums V) * (each r K)%:R =
    q * (P * (sqnorm V - K%:R^-1 * sums V) * (each r K)%:R) by rewrite /P; ring.
have P0 : 0 <= P by rewrite mulr_ge0 ?sq_ge0 ?prodr_ge0 // => l _; apply: sq_ge0.
apply: (@le_lt_trans _ _ (e ^+ k * (P * (sqnorm V - K%:R^-1 * sums V) * (each r K)%:R))).
  by rewrite ler_wpmul2r // (mulr_ge0 (mulr_ge0 P0 beta0)) ?ler0n.
rewrite total -/e (_ : e ^+ (D + k).+2 * (K%:R - 1) = e ^+ k * (e ^+ D.+1 * e * (K%:R - 1))).
  by rewrite ltr_pmul2l ?exprn_gt0.
by rewrite -exprSr addnC -addnS -addnS exprD mulrA.
Qed.
